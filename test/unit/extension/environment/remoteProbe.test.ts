import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/base/deferred';
import { Emitter } from '../../../../src/base/event';
import { nullLogger } from '../../../../src/base/logger';
import type { ExecServerClient } from '../../../../src/client/execServerClient';
import type { EnvironmentInfoResponse } from '../../../../src/protocol/environmentMessages';
import { probeRemote } from '../../../../src/extension/environment/remoteProbe';
import { FakeClock, settled } from '../../../support/fakeClock';

const SHELL = { shell: { name: 'bash', path: '/bin/bash' } } as const;

class Probe {
  readonly clock = new FakeClock();
  readonly connected = new Deferred<ExecServerClient>();
  readonly cancel = new Emitter<void>();
  closed = 0;
  readonly facts = probeRemote(
    { clock: this.clock, logger: nullLogger, connect: () => this.connected.promise },
    { url: 'wss://box.example/' },
    (listener) => this.cancel.event(listener),
  );

  constructor() {
    this.facts.catch(() => undefined);
  }

  /** The part of a client that a test of a remote uses. */
  answer(environmentInfo: EnvironmentInfoResponse): void {
    const client: Pick<ExecServerClient, 'environmentInfo' | 'close'> = {
      environmentInfo,
      close: () => {
        this.closed += 1;
        return Promise.resolve();
      },
    };
    this.connected.resolve(client as ExecServerClient);
  }
}

describe('the test of a remote', () => {
  it.each<[string, Partial<EnvironmentInfoResponse>, readonly string[]]>([
    [
      'all',
      { platformOs: 'linux', cwd: 'file:///srv/my%20app', executorVersion: '0.169.0' },
      ['linux', '/srv/my app', 'release 0.169.0'],
    ],
    ['Windows', { platformOs: 'windows', cwd: 'file:///C:/a' }, ['windows', 'C:\\a']],
    ['no path', { cwd: 'nowhere' }, ['nowhere']],
    ['little', {}, []],
  ])('tells what is there and lets go again: %s', async (_what, info, facts) => {
    const probe = new Probe();
    probe.answer({ ...SHELL, ...info });
    expect([await probe.facts, probe.closed, probe.clock.pendingTimers]).toEqual([facts, 1, 0]);
  });

  it('fails as connecting does', async () => {
    const probe = new Probe();
    probe.connected.reject(new Error('refused'));
    await expect(probe.facts).rejects.toThrow('refused');
  });

  it('is over after ten seconds, and lets go of whoever answers later', async () => {
    const probe = new Probe();
    probe.clock.advance(10_000);
    await expect(probe.facts).rejects.toMatchObject({ code: 'requestTimedOut' });
    probe.answer(SHELL);
    await settled();
    expect(probe.closed).toBe(1);
  });

  it('can be called off', async () => {
    const probe = new Probe();
    probe.cancel.fire();
    expect(await probe.facts).toBeUndefined();
    probe.answer(SHELL);
    await settled();
    expect([probe.closed, probe.clock.pendingTimers]).toEqual([1, 0]);
  });
});
