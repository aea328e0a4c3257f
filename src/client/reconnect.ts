import type { Limits } from '../base/limits';

/**
 * Where a session stands with its connection. Times are the clock's, in milliseconds.
 *
 *   connected ──lost──► waiting ──due──► attempting ──resumed──► connected
 *                          ▲                 │
 *                          └──attemptFailed──┘        any of them ──closed, deadline──► ended
 */
export type ReconnectState =
  | { readonly kind: 'connected' }
  | ({ readonly kind: 'waiting'; readonly delayMs: number } & Recovery)
  | ({ readonly kind: 'attempting' } & Recovery)
  | { readonly kind: 'ended'; readonly reason: string };

interface Recovery {
  /** Why the connection was lost, and later why the last attempt failed. */
  readonly reason: string;
  readonly failedAttempts: number;
  readonly deadlineMs: number;
}

export type ReconnectEvent =
  | {
      readonly kind: 'lost';
      readonly reason: string;
      readonly nowMs: number;
      readonly isFinal: boolean;
    }
  /** The wait is over. */
  | { readonly kind: 'due' }
  | {
      readonly kind: 'attemptFailed';
      readonly reason: string;
      readonly nowMs: number;
      /** Another attempt would fail the same way. */
      readonly isFinal: boolean;
      /** 0 to 1: spreads clients that lost the same server. */
      readonly jitter: number;
    }
  | { readonly kind: 'resumed' }
  | { readonly kind: 'deadline' }
  | { readonly kind: 'closed'; readonly reason: string };

export type ReconnectLimits = Pick<
  Limits,
  'recoveryDeadlineMs' | 'firstRetryDelayMs' | 'maxRetryDelayMs'
>;

/** What follows from an event. One that does not belong to the state changes nothing. */
export function nextReconnectState(
  state: ReconnectState,
  event: ReconnectEvent,
  limits: ReconnectLimits,
): ReconnectState {
  if (state.kind === 'ended') return state;
  if (event.kind === 'closed') return { kind: 'ended', reason: event.reason };
  switch (event.kind) {
    case 'lost':
      return state.kind === 'connected' ? afterLoss(event, limits) : state;
    case 'due':
      return state.kind === 'waiting' ? attempting(state) : state;
    case 'attemptFailed':
      return state.kind === 'attempting' ? afterFailure(state, event, limits) : state;
    case 'resumed':
      return state.kind === 'attempting' ? { kind: 'connected' } : state;
    case 'deadline':
      return state.kind === 'connected' ? state : timedOut(state.reason, limits);
  }
}

type EventOf<K extends ReconnectEvent['kind']> = Extract<ReconnectEvent, { kind: K }>;

function afterLoss(
  { reason, nowMs, isFinal }: EventOf<'lost'>,
  { recoveryDeadlineMs }: ReconnectLimits,
): ReconnectState {
  if (isFinal) return { kind: 'ended', reason };
  const deadlineMs = nowMs + recoveryDeadlineMs;
  return { kind: 'waiting', reason, delayMs: 0, failedAttempts: 0, deadlineMs };
}

function attempting({ reason, failedAttempts, deadlineMs }: Recovery): ReconnectState {
  return { kind: 'attempting', reason, failedAttempts, deadlineMs };
}

function afterFailure(
  { failedAttempts, deadlineMs }: Recovery,
  { reason, nowMs, isFinal, jitter }: EventOf<'attemptFailed'>,
  limits: ReconnectLimits,
): ReconnectState {
  if (isFinal) return { kind: 'ended', reason };
  if (nowMs >= deadlineMs) return timedOut(reason, limits);
  const { firstRetryDelayMs, maxRetryDelayMs } = limits;
  const longest = Math.min(maxRetryDelayMs, firstRetryDelayMs * 2 ** failedAttempts);
  const delayMs = Math.min((longest * (1 + jitter)) / 2, deadlineMs - nowMs);
  return { kind: 'waiting', reason, delayMs, failedAttempts: failedAttempts + 1, deadlineMs };
}

function timedOut(reason: string, { recoveryDeadlineMs }: ReconnectLimits): ReconnectState {
  const seconds = recoveryDeadlineMs / 1000;
  return {
    kind: 'ended',
    reason: `the connection could not be restored within ${seconds} s: ${reason}`,
  };
}
