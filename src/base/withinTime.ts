import type { Clock } from './clock';
import { Deferred } from './deferred';

/**
 * What a promise brings, if it does so in time.
 *
 * @throws what the promise rejects with, or what `late` makes. The promise is not waited for any longer
 *   then, and how it ends matters to nobody.
 */
export async function withinTime<T>(
  promise: Promise<T>,
  clock: Clock,
  waitMs: number,
  late: () => Error,
): Promise<T> {
  const timeout = new Deferred<never>();
  const timer = clock.schedule(() => {
    timeout.reject(late());
  }, waitMs);
  try {
    return await Promise.race([promise, timeout.promise]);
  } finally {
    timer.dispose();
  }
}

/** Resolves when a promise does, and otherwise when the time is over. @throws what the promise rejects with. */
export async function waitAtMost(
  promise: Promise<unknown>,
  clock: Clock,
  waitMs: number,
): Promise<void> {
  const timeout = new Deferred<void>();
  const timer = clock.schedule(() => {
    timeout.resolve();
  }, waitMs);
  try {
    await Promise.race([promise, timeout.promise]);
  } finally {
    timer.dispose();
  }
}
