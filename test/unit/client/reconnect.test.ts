import { describe, expect, it } from 'vitest';
import type { ReconnectEvent, ReconnectState } from '../../../src/client/reconnect';
import { nextReconnectState } from '../../../src/client/reconnect';

const limits = { recoveryDeadlineMs: 45_000, firstRetryDelayMs: 100, maxRetryDelayMs: 2000 };
const next = (state: ReconnectState, event: ReconnectEvent): ReconnectState =>
  nextReconnectState(state, event, limits);

const connected: ReconnectState = { kind: 'connected' };
const lost: ReconnectEvent = { kind: 'lost', reason: 'gone', nowMs: 1000, isFinal: false };
const failed = (parts: object = {}): ReconnectEvent => ({
  kind: 'attemptFailed',
  reason: 'refused',
  nowMs: 2000,
  isFinal: false,
  jitter: 1,
  ...parts,
});
const waiting = next(connected, lost);
const attempting = next(waiting, { kind: 'due' });

describe('nextReconnectState', () => {
  it('tries again at once after a loss, with a deadline', () => {
    expect(waiting).toEqual({
      kind: 'waiting',
      reason: 'gone',
      delayMs: 0,
      failedAttempts: 0,
      deadlineMs: 46_000,
    });
  });

  it('waits longer after each failure, up to the longest wait', () => {
    const delays: number[] = [];
    let state = attempting;
    for (let attempt = 0; attempt < 8; attempt += 1) {
      state = next(state, failed());
      if (state.kind === 'waiting') delays.push(state.delayMs);
      state = next(state, { kind: 'due' });
    }
    expect(delays).toEqual([100, 200, 400, 800, 1600, 2000, 2000, 2000]);
  });

  it.each([
    [0, 50],
    [0.5, 75],
    [1, 100],
  ])('spreads waits: a jitter of %d makes the first %d ms', (jitter, delayMs) => {
    expect(next(attempting, failed({ jitter }))).toMatchObject({ kind: 'waiting', delayMs });
  });

  it('does not wait beyond the deadline', () => {
    expect(next(attempting, failed({ nowMs: 45_990 }))).toMatchObject({ delayMs: 10 });
  });

  it.each<[string, ReconnectState, ReconnectEvent, ReconnectState]>([
    ['is connected again', attempting, { kind: 'resumed' }, connected],
    [
      'ends at the deadline, whatever is under way',
      attempting,
      { kind: 'deadline' },
      { kind: 'ended', reason: 'the connection could not be restored within 45 s: gone' },
    ],
    [
      'ends when an attempt fails after the deadline',
      attempting,
      failed({ nowMs: 46_000 }),
      { kind: 'ended', reason: 'the connection could not be restored within 45 s: refused' },
    ],
    [
      'ends with an attempt that would fail again',
      attempting,
      failed({ isFinal: true }),
      { kind: 'ended', reason: 'refused' },
    ],
    [
      'ends with a loss that cannot be made good',
      connected,
      { kind: 'lost', reason: 'gone', nowMs: 1, isFinal: true },
      { kind: 'ended', reason: 'gone' },
    ],
    [
      'ends when it is closed',
      waiting,
      { kind: 'closed', reason: 'closed' },
      { kind: 'ended', reason: 'closed' },
    ],
  ])('%s', (_name, state, event, expected) => {
    expect(next(state, event)).toEqual(expected);
  });

  it.each<[string, ReconnectState, ReconnectEvent]>([
    ['a second loss', waiting, lost],
    ['a wait that is over while an attempt is made', attempting, { kind: 'due' }],
    ['a failure of an attempt that nobody makes', connected, failed()],
    ['a resume that nobody asked for', waiting, { kind: 'resumed' }],
    ['a deadline that has been met', connected, { kind: 'deadline' }],
    ['anything after the end', { kind: 'ended', reason: 'x' }, { kind: 'closed', reason: 'y' }],
  ])('is not changed by %s', (_name, state, event) => {
    expect(next(state, event)).toBe(state);
  });
});
