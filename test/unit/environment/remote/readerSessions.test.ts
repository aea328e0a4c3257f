import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/base/deferred';
import { nullLogger } from '../../../../src/base/logger';
import { ReaderSessions } from '../../../../src/environment/remote/readerSessions';
import { RemotePeer } from '../../../../src/environment/remote/remotePeer';
import { FakeClock, settled } from '../../../support/fakeClock';
import { FakeExecServerClient } from '../../../support/fakeExecServerClient';

function openSessions() {
  const clock = new FakeClock();
  const clients: FakeExecServerClient[] = [];
  const sessions = new ReaderSessions({
    open: () => {
      const client = new FakeExecServerClient();
      clients.push(client);
      return Promise.resolve(new RemotePeer(client));
    },
    limits: { remoteReaderIdleMs: 30_000 },
    clock,
    logger: nullLogger,
  });
  const methodsOf = (index: number) => clients[index]?.calls.map(({ method }) => method);
  return { sessions, clock, clients, methodsOf };
}

describe('sessions of readers', () => {
  it('are one for each reader, also for starts at the same time', async () => {
    const { sessions, clients } = openSessions();
    const used = await Promise.all(['a', 'a', 'b'].map((reader) => sessions.use(reader)));
    const again = await sessions.use('a');
    expect([clients.length, used.map(({ session }) => session === again.session)]).toEqual([
      2,
      [true, true, false],
    ]);
  });

  it('are paused while any of their processes is', async () => {
    const { sessions, methodsOf } = openSessions();
    const { session } = await sessions.use('a');
    const [one, other] = [{}, {}];
    session.setPaused(one, true);
    session.setPaused(other, true);
    session.setPaused(one, false);
    session.setPaused(other, false);
    expect(methodsOf(0)).toEqual(['pause', 'pause', 'pause', 'resume']);
  });

  it('are let go of when they were idle for a while, and not before', async () => {
    const { sessions, clock, clients, methodsOf } = openSessions();
    const first = await sessions.use('a');
    clock.advance(60_000);
    first.use.dispose();
    clock.advance(29_999);
    const second = await sessions.use('a');
    clock.advance(60_000);
    second.use.dispose();
    const before = methodsOf(0);
    await clock.advanceSettled(30_000);
    await sessions.use('a');
    expect([before, methodsOf(0), clients.length]).toEqual([[], ['close', 'dispose'], 2]);
  });

  it('that have ended are replaced', async () => {
    const { sessions, clients } = openSessions();
    const { session } = await sessions.use('a');
    clients[0]?.setState({ kind: 'ended', reason: 'the session is gone' });
    const fresh = await sessions.use('a');
    expect([session.isOver, fresh.session.isOver, clients.length]).toEqual([true, false, 2]);
  });

  it('stay until they are not used any more once they are retired', async () => {
    const { sessions, methodsOf } = openSessions();
    const used = await sessions.use('used');
    (await sessions.use('idle')).use.dispose();
    let isOver = false;
    const retired = sessions.retire().then(() => (isOver = true));
    await settled();
    const before = [isOver, methodsOf(0), methodsOf(1)];
    used.use.dispose();
    await retired;
    await settled();
    expect([before, methodsOf(0)]).toEqual([
      [false, [], ['close', 'dispose']],
      ['close', 'dispose'],
    ]);
  });

  it('that cannot be opened leave nothing behind', async () => {
    const gate = new Deferred<RemotePeer>();
    const sessions = new ReaderSessions({
      open: () => gate.promise,
      limits: { remoteReaderIdleMs: 30_000 },
      clock: new FakeClock(),
      logger: nullLogger,
    });
    const waiting = [sessions.use('a'), sessions.use('a')];
    gate.reject(new Error('nobody is there'));
    const outcomes = await Promise.allSettled(waiting);
    await sessions.retire();
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
