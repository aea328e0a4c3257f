import { setTimeout as delay } from 'node:timers/promises';

/** Far below what a person would notice, far above what reading the page costs. */
export const POLL_MS = 50;

/** A bound against hanging: room for a slow machine that runs the browser, the server and other work on two cores. */
export const WAIT_MS = 90_000;

/**
 * Reads a state again and again until it is accepted. A time-out tells what was seen last, which a wait inside the
 * page could not.
 *
 * @template T
 * @param {string} what completes "Failed to wait for"
 * @param {() => Promise<T> | T} read a read that throws counts as a state that is not accepted
 * @param {(state: T) => boolean} accept
 * @param {number} [timeoutMs]
 * @returns {Promise<T>} the accepted state
 */
export async function until(what, read, accept, timeoutMs = WAIT_MS) {
  const deadlineMs = performance.now() + timeoutMs;
  /** @type {unknown} */
  let last;
  do {
    try {
      const state = await read();
      if (accept(state)) {
        return state;
      }
      last = state;
    } catch (error) {
      last = error;
    }
    await delay(POLL_MS);
  } while (performance.now() < deadlineMs);
  const seen = typeof last === 'string' || last instanceof Error ? last : JSON.stringify(last);
  throw new Error(
    `Failed to wait for ${what}: after ${String(timeoutMs)} ms the last state was ${String(seen)}`,
    last instanceof Error ? { cause: last } : undefined,
  );
}
