import type { Clock } from '../../base/clock';
import type { Limits } from '../../base/limits';

/**
 * How long to wait before the next attempt to reach a remote: doubled from attempt to attempt, and
 * forgotten once a session has lasted as long as the longest of the waits. One that ends at once, such as
 * that of a program which starts and fails, does not count as success.
 */
export class RetryDelay {
  private nextMs: number;
  private reachedAtMs: number | undefined;

  constructor(
    private readonly limits: Pick<Limits, 'remoteRetryMs' | 'maxRemoteRetryMs'>,
    private readonly clock: Clock,
  ) {
    this.nextMs = limits.remoteRetryMs;
  }

  /** A session has begun. */
  noteReached(): void {
    this.reachedAtMs = this.clock.now();
  }

  /** A session has ended, or an attempt failed; answers how long to wait. */
  next(): number {
    const { remoteRetryMs, maxRemoteRetryMs } = this.limits;
    const reachedAtMs = this.reachedAtMs;
    this.reachedAtMs = undefined;
    if (reachedAtMs !== undefined && this.clock.now() - reachedAtMs >= maxRemoteRetryMs) {
      this.nextMs = remoteRetryMs;
      return 0;
    }
    const delayMs = this.nextMs;
    this.nextMs = Math.min(this.nextMs * 2, maxRemoteRetryMs);
    return delayMs;
  }
}
