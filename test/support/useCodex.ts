import { beforeAll } from 'vitest';
import { ensureCodex } from '../host/codex.mjs';

/** A release is more than a hundred megabytes, which come over the network once. Bound against hanging only. */
const FETCH_MS = 600_000;

/**
 * Sees to it that a release of the Codex CLI is on this machine before the tests begin, and their time with them. The
 * pinned one is there already, see `globalSetup.ts`.
 */
export function useCodex(version: string): void {
  beforeAll(async () => {
    await ensureCodex(version);
  }, FETCH_MS);
}
