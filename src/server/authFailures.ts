import type { Clock } from '../base/clock';
import { Emitter } from '../base/event';

const WINDOW_MS = 60_000;

/** Counts refused tokens, and tells once a window when there are more than a person would cause. */
export class AuthFailures {
  private readonly burstEmitter = new Emitter<number>();
  private windowStartMs = Number.NEGATIVE_INFINITY;
  private count = 0;

  /** Fires with the count reached, at most once a minute. */
  readonly onDidBurst = this.burstEmitter.event;

  constructor(
    private readonly maxPerMinute: number,
    private readonly clock: Clock,
  ) {}

  /** Notes one failure and tells whether the source deserves "too many requests" instead of a plain no. */
  note(): 'refused' | 'tooMany' {
    const now = this.clock.now();
    if (now - this.windowStartMs >= WINDOW_MS) {
      this.windowStartMs = now;
      this.count = 0;
    }
    this.count += 1;
    if (this.count === this.maxPerMinute + 1) this.burstEmitter.fire(this.count);
    return this.count > this.maxPerMinute ? 'tooMany' : 'refused';
  }
}
