import type { Clock } from '../../src/base/clock';
import type { Disposable } from '../../src/base/lifecycle';
import { toDisposable } from '../../src/base/lifecycle';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A clock that stands still until a test moves it. */
export class ControlFakeClock implements Clock {
  private timers: Timer[] = [];
  private timeMs = 1_000_000;

  now(): number {
    return this.timeMs;
  }

  schedule(callback: () => void, delayMs: number): Disposable {
    const timer = { dueMs: this.timeMs + delayMs, callback };
    this.timers.push(timer);
    return toDisposable(() => {
      this.timers = this.timers.filter((candidate) => candidate !== timer);
    });
  }

  get pendingTimers(): number {
    return this.timers.length;
  }

  /** Moves on, running what becomes due in its order, each at its own time. */
  advance(byMs: number): void {
    const endMs = this.timeMs + byMs;
    for (;;) {
      const next = this.timers
        .filter(({ dueMs }) => dueMs <= endMs)
        .sort((one, other) => one.dueMs - other.dueMs)[0];
      if (next === undefined) break;
      this.timers = this.timers.filter((timer) => timer !== next);
      this.timeMs = next.dueMs;
      next.callback();
    }
    this.timeMs = endMs;
  }
}
