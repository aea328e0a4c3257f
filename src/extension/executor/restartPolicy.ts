/** Waits before restart attempts in a row: quick first, because most crashes are single. */
const RESTART_DELAYS_MS = [100, 300, 1000, 2500, 5000] as const;

/** Crashes older than this are forgotten. */
const CRASH_WINDOW_MS = 60_000;

/** Decides whether a crashed executor is started again, and when: at most five times within a minute. */
export class RestartPolicy {
  private crashes: readonly number[] = [];

  /** Counts a crash; the answer is the wait before the next attempt, `undefined` when it is one too many. */
  delayAfterCrash(nowMs: number): number | undefined {
    this.crashes = [...this.crashes.filter((at) => nowMs - at < CRASH_WINDOW_MS), nowMs];
    return RESTART_DELAYS_MS[this.crashes.length - 1];
  }

  /** A person started it again: the count begins anew. */
  reset(): void {
    this.crashes = [];
  }
}
