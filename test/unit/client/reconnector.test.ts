import { describe, expect, it } from 'vitest';
import { ExecServerError } from '../../../src/base/errors';
import { Reconnector } from '../../../src/client/reconnector';
import { RpcError } from '../../../src/protocol/errorCodes';
import { FakeClock } from '../../support/fakeClock';

const limits = { recoveryDeadlineMs: 45_000, firstRetryDelayMs: 100, maxRetryDelayMs: 2000 };

function reconnector(attempt: (made: number) => Promise<void>): {
  reconnector: Reconnector;
  clock: FakeClock;
  attemptTimes: number[];
  kinds: string[];
} {
  const clock = new FakeClock();
  const start = clock.now();
  const attemptTimes: number[] = [];
  const kinds: string[] = [];
  const subject = new Reconnector({
    limits,
    clock,
    jitter: () => 1,
    attempt: () => {
      attemptTimes.push(clock.now() - start);
      return attempt(attemptTimes.length);
    },
    onDidChange: ({ kind }) => kinds.push(kind),
  });
  return { reconnector: subject, clock, attemptTimes, kinds };
}

const refused = (): Promise<void> =>
  Promise.reject(new ExecServerError('connectionClosed', 'Failed to connect: refused'));

describe('Reconnector', () => {
  it('tries at once, then after growing waits, until it succeeds', async () => {
    const subject = reconnector((made) => (made < 5 ? refused() : Promise.resolve()));
    subject.reconnector.lose('gone', false);
    await subject.clock.advanceSettled(5000);
    expect({
      times: subject.attemptTimes,
      state: subject.reconnector.state,
      timers: subject.clock.pendingTimers,
    }).toEqual({ times: [0, 100, 300, 700, 1500], state: { kind: 'connected' }, timers: 0 });
  });

  it('gives up at the deadline, also while an attempt hangs', async () => {
    const subject = reconnector(() => new Promise<void>(() => undefined));
    subject.reconnector.lose('gone', false);
    await subject.clock.advanceSettled(45_000);
    expect({ state: subject.reconnector.state, timers: subject.clock.pendingTimers }).toEqual({
      state: { kind: 'ended', reason: 'the connection could not be restored within 45 s: gone' },
      timers: 0,
    });
  });

  it.each([
    ['a refused token', new ExecServerError('authenticationFailed', 'no'), 1],
    ['an unknown session', new RpcError(-32600, 'unknown session id s'), 1],
    ['a broken protocol', new ExecServerError('protocolViolation', 'no'), 1],
    ['a session that is attached elsewhere', new RpcError(-32010, 'session s is attached'), 3],
    [
      'the same from a release up to 0.140',
      new RpcError(-32600, 'session s is already attached to another connection'),
      3,
    ],
    ['a server that is not there', new ExecServerError('connectionClosed', 'no'), 3],
  ])('tries %s as often as it may help', async (_name, error, attempts) => {
    const subject = reconnector((made) => (made < 3 ? Promise.reject(error) : Promise.resolve()));
    subject.reconnector.lose('gone', false);
    await subject.clock.advanceSettled(5000);
    expect(subject.attemptTimes).toHaveLength(attempts);
  });

  it('does nothing more when it was closed during a wait', async () => {
    const subject = reconnector(refused);
    subject.reconnector.lose('gone', false);
    await subject.clock.advanceSettled(50);
    subject.reconnector.close('closed');
    await subject.clock.advanceSettled(60_000);
    expect({ attempts: subject.attemptTimes, kinds: subject.kinds }).toEqual({
      attempts: [0],
      kinds: ['waiting', 'attempting', 'waiting', 'ended'],
    });
  });
});
