import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/base/deferred';
import { ExecServerError } from '../../../../src/base/errors';
import { nullLogger } from '../../../../src/base/logger';
import type { EnvironmentHealth } from '../../../../src/environment/environmentSource';
import { RemoteLink } from '../../../../src/environment/remote/remoteLink';
import { FakeClock, settled } from '../../../support/fakeClock';
import { FakeExecServerClient } from '../../../support/fakeExecServerClient';

const limits = { remoteRetryMs: 1000, maxRemoteRetryMs: 30_000 };

/** A link whose every attempt a test answers. */
function openLink(keepsTrying = true) {
  const clock = new FakeClock();
  const attempts: Deferred<FakeExecServerClient>[] = [];
  const link = new RemoteLink({
    name: 'builder',
    open: () => {
      const attempt = new Deferred<FakeExecServerClient>();
      attempts.push(attempt);
      return attempt.promise;
    },
    keepsTrying,
    limits,
    clock,
    logger: nullLogger,
  });
  const health: EnvironmentHealth[] = [];
  link.onDidChangeHealth((changed) => health.push(changed));
  return {
    link,
    clock,
    attempts,
    health,
    succeed: async (): Promise<FakeExecServerClient> => {
      const client = new FakeExecServerClient();
      attempts.at(-1)?.resolve(client);
      await settled();
      return client;
    },
    fail: async (reason: string): Promise<void> => {
      attempts.at(-1)?.reject(new ExecServerError('connectionClosed', reason));
      await settled();
    },
  };
}

const refusal = (reason: string) => ({
  code: -32015,
  message: `the remote environment builder cannot be reached: ${reason}`,
});

describe('a link', () => {
  it('lets all who come while it connects wait for one attempt', async () => {
    const { link, attempts, health, succeed } = openLink();
    const waiting = [link.peer(), link.peer(), link.use((peer) => Promise.resolve(peer))];
    const before = link.health;
    const client = await succeed();
    const peers = await Promise.all(waiting);
    expect([attempts.length, before, health, peers.map((peer) => peer.client === client)]).toEqual([
      1,
      { kind: 'connecting' },
      [{ kind: 'ready' }],
      [true, true, true],
    ]);
  });

  it('is unreachable after a failed attempt, and tries again later and later', async () => {
    const { link, clock, attempts, fail } = openLink();
    const refused = expect(link.peer()).rejects.toMatchObject(refusal('nobody is there'));
    await fail('nobody is there');
    await refused;
    const delays = [];
    for (let round = 0; round < 7; round += 1) {
      delays.push(...clock.pendingDelays);
      clock.advance(clock.pendingDelays[0] ?? 0);
      await fail('nobody is there');
    }
    expect([link.health, delays, attempts.length]).toEqual([
      { kind: 'unreachable', reason: 'nobody is there' },
      [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
      8,
    ]);
  });

  it('tries at once for whoever needs it while it is unreachable', async () => {
    const { link, attempts, fail, succeed } = openLink();
    void link.connect();
    await fail('not yet');
    const refused = expect(link.peer()).rejects.toMatchObject(refusal('still not'));
    await fail('still not');
    await refused;
    const served = link.peer();
    const client = await succeed();
    expect([(await served).client === client, attempts.length, link.health]).toEqual([
      true,
      3,
      { kind: 'ready' },
    ]);
  });

  it('lets calls wait while the session is recovered', async () => {
    const { link, health, succeed } = openLink();
    void link.connect();
    const client = await succeed();
    client.setState({ kind: 'recovering', reason: 'the line was cut' });
    let isServed = false;
    const waiting = link.peer().then(() => (isServed = true));
    await settled();
    const wasServed = isServed;
    client.setState({ kind: 'connected' });
    await waiting;
    expect([wasServed, health]).toEqual([
      false,
      [{ kind: 'ready' }, { kind: 'recovering', reason: 'the line was cut' }, { kind: 'ready' }],
    ]);
  });

  it('opens another session when one has ended, for those who waited too', async () => {
    const { link, attempts, succeed } = openLink();
    void link.connect();
    const client = await succeed();
    client.setState({ kind: 'recovering', reason: 'the line was cut' });
    const waiting = link.peer();
    await settled();
    client.setState({ kind: 'ended', reason: 'the session is gone' });
    await settled();
    const unreachable = link.health;
    const other = await succeed();
    expect([(await waiting).client === other, attempts.length, unreachable]).toEqual([
      true,
      2,
      { kind: 'unreachable', reason: 'the session is gone' },
    ]);
  });

  it('waits before it opens another session in place of one that ended soon, not of one that lasted', async () => {
    const { link, clock, attempts, succeed } = openLink();
    void link.connect();
    (await succeed()).setState({ kind: 'ended', reason: 'it failed' });
    const soon = clock.pendingDelays;
    clock.advance(1000);
    const lasting = await succeed();
    clock.advance(30_000);
    lasting.setState({ kind: 'ended', reason: 'it was restarted' });
    expect([soon, clock.pendingDelays, attempts.length]).toEqual([[1000], [0], 2]);
  });

  it('that nobody keeps up tries only when it is needed', async () => {
    const { link, clock, fail } = openLink(false);
    void link.peer().catch(() => undefined);
    await fail('nobody is there');
    expect(clock.pendingTimers).toBe(0);
  });

  it('is over when it is disposed, also for those who wait', async () => {
    const { link, clock, attempts, succeed } = openLink();
    const switched = refusal('the environment was switched');
    const refused = expect(link.peer()).rejects.toMatchObject(switched);
    link.dispose();
    const client = await succeed();
    await refused;
    await expect(link.peer()).rejects.toMatchObject(switched);
    expect([client.state.kind, attempts.length, clock.pendingTimers]).toEqual(['ended', 1, 0]);
  });

  it('tells failures of the way to the remote as its own, and answers of the remote as they are', async () => {
    const { link, succeed } = openLink();
    void link.connect();
    await succeed();
    const fail = (error: Error) => link.use(() => Promise.reject(error));
    await expect(
      fail(new ExecServerError('connectionClosed', 'it may have taken effect')),
    ).rejects.toMatchObject(refusal('it may have taken effect'));
    await expect(
      fail(new ExecServerError('protocolViolation', 'it has another shape')),
    ).rejects.toMatchObject({
      code: -32603,
      message:
        'the remote environment builder gave an answer that cannot be read: it has another shape',
    });
  });
});
