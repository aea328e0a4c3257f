import { onTestFinished } from 'vitest';
import type { Disposable } from '../../src/base/lifecycle';
import { toDisposable } from '../../src/base/lifecycle';
import { systemClock } from '../../src/base/clock';

/**
 * Timers of one length that run when a test says so and not before, in a server that otherwise lives in
 * real time. The length should be one that nothing else has.
 */
export class HeldTimers {
  private readonly callbacks = new Set<() => void>();

  /** Holds what is scheduled from now on until the test is over. */
  constructor(delayMs: number) {
    // Bound as it is now: whoever watches timers goes on seeing all the others.
    const schedule = systemClock.schedule.bind(systemClock);
    systemClock.schedule = (callback, afterMs) =>
      afterMs === delayMs ? this.hold(callback) : schedule(callback, afterMs);
    onTestFinished(() => {
      systemClock.schedule = schedule;
    });
  }

  /** How many wait. */
  get count(): number {
    return this.callbacks.size;
  }

  /** Lets the time of all that wait be over. */
  expire(): void {
    const due = [...this.callbacks];
    this.callbacks.clear();
    for (const callback of due) callback();
  }

  private hold(callback: () => void): Disposable {
    // One callback may be scheduled twice.
    const own = (): void => {
      callback();
    };
    this.callbacks.add(own);
    return toDisposable(() => {
      this.callbacks.delete(own);
    });
  }
}
