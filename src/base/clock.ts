import type { Disposable } from './lifecycle';
import { toDisposable } from './lifecycle';

/** Time as the core sees it; tests hand in a clock of their own. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `callback` once after `delayMs`; disposing the result cancels it. */
  schedule(callback: () => void, delayMs: number): Disposable;
}

/** The machine's clock. Its timers do not keep the process alive: sockets and children do that. */
export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(callback, delayMs) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return toDisposable(() => {
      clearTimeout(timer);
    });
  },
};
