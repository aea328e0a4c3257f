/**
 * Runs `work` for every item, at most `limit` at a time. After a failure no more are begun, and it is
 * thrown when those under way have ended: nothing of this may still run when the caller lets go of what
 * it holds.
 */
export async function forEachBounded<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const failures: unknown[] = [];
  const runNext = async (): Promise<void> => {
    for (const item of { [Symbol.iterator]: () => iterator }) {
      if (failures.length > 0) return;
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, runNext));
  if (failures.length > 0) throw failures[0];
}

/** Calls in flight on many files of one directory: as many as Node has threads for them by default. */
export const FILES_AT_ONCE = 4;
