import type { Disposable } from './lifecycle';
import { toDisposable } from './lifecycle';

/** Time as the core sees it; tests hand in a clock of their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `callback` once after `delayMs`; disposing the result cancels it. */
  schedule(callback: () => void, delayMs: number): Disposable;
}

/** Node's timers count in 31 bits, and one that overflows fires at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The machine's clock. Delays beyond 24 days end there. Its timers do not keep the process alive: sockets and children do that. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule: (callback, delayMs) => {
    const timer = startTimer(callback, delayMs);
    timer.unref();
    return stopping(timer);
  },
};

/** The same, but what waits for one of its timers keeps the process alive, as a lost connection does not. */
export const wakefulClock: Clock = {
  now: () => Date.now(),
  schedule: (callback, delayMs) => stopping(startTimer(callback, delayMs)),
};

function startTimer(callback: () => void, delayMs: number): NodeJS.Timeout {
  return setTimeout(callback, Math.min(delayMs, MAX_DELAY_MS));
}

function stopping(timer: NodeJS.Timeout): Disposable {
  return toDisposable(() => {
    clearTimeout(timer);
  });
}
