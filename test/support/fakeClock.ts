import type { Clock } from '../../src/base/clock';
import type { Disposable } from '../../src/base/lifecycle';
import { toDisposable } from '../../src/base/lifecycle';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Time that stands still until a test moves it. */
export class FakeClock implements Clock {
  private readonly timers = new Set<Timer>();
  private nowMs = 1_000_000;

  now(): number {
    return this.nowMs;
  }

  schedule(callback: () => void, delayMs: number): Disposable {
    const timer = { dueMs: this.nowMs + delayMs, callback };
    this.timers.add(timer);
    return toDisposable(() => {
      this.timers.delete(timer);
    });
  }

  /** Timers that have neither fired nor been called off. */
  get pendingTimers(): number {
    return this.timers.size;
  }

  /** How long they have to go, shortest first. */
  get pendingDelays(): readonly number[] {
    return [...this.timers].map(({ dueMs }) => dueMs - this.nowMs).sort((a, b) => a - b);
  }

  /** Moves time on; what becomes due meanwhile runs at its own moment, in order. */
  advance(byMs: number): void {
    const endMs = this.nowMs + byMs;
    for (let timer = this.nextDue(endMs); timer !== undefined; timer = this.nextDue(endMs)) {
      this.timers.delete(timer);
      this.nowMs = Math.max(this.nowMs, timer.dueMs);
      timer.callback();
    }
    this.nowMs = endMs;
  }

  /** The same, and what each step set in motion has its turn before the next. */
  async advanceSettled(byMs: number): Promise<void> {
    const endMs = this.nowMs + byMs;
    for (let timer = this.nextDue(endMs); timer !== undefined; timer = this.nextDue(endMs)) {
      this.advance(Math.max(0, timer.dueMs - this.nowMs));
      await settled();
    }
    this.advance(endMs - this.nowMs);
    await settled();
  }

  /** Moves time on without running anything, as for a process that was not given the processor. */
  jump(byMs: number): void {
    this.nowMs += byMs;
  }

  private nextDue(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.dueMs <= endMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}

/** Lets everything run that waits for nothing but its turn. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
