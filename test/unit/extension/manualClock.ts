import type { Clock } from '../../../src/base/clock';
import type { Disposable } from '../../../src/base/lifecycle';

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  private nowMs = 1_000_000;
  private readonly timers = new Set<Timer>();

  now(): number {
    return this.nowMs;
  }

  schedule(callback: () => void, delayMs: number): Disposable {
    const timer = { atMs: this.nowMs + delayMs, callback };
    this.timers.add(timer);
    return { dispose: () => this.timers.delete(timer) };
  }

  /** The waits of the timers that are set, shortest first. */
  get pending(): readonly number[] {
    return [...this.timers].map(({ atMs }) => atMs - this.nowMs).sort((a, b) => a - b);
  }

  /** Lets time pass, and what was set in motion by it settle. */
  async advance(ms: number): Promise<void> {
    const end = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.timers].sort((a, b) => a.atMs - b.atMs);
      if (next === undefined || next.atMs > end) break;
      this.timers.delete(next);
      this.nowMs = next.atMs;
      next.callback();
      await settle();
    }
    this.nowMs = end;
    await settle();
  }
}

/** Lets promises that are already on their way arrive. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
