import { lstat, readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { toError } from '../../base/errors';
import type { Logger } from '../../base/logger';

/** How the folders begin in which pipes have their names for a moment. */
export const PIPE_FOLDER_PREFIX = 'exec-server-pipes-';

/** A folder is in use for some milliseconds; one this old was left by an executor that was killed then. */
const LEFT_AFTER_MS = 60_000;

/** Removes what killed executors of this user have left in a folder of such folders. */
export async function removeLeftPipeFolders(
  parents: readonly string[],
  nowMs: number,
  logger: Logger,
): Promise<void> {
  for (const parent of new Set(parents)) {
    // A folder that is not there holds nothing.
    const names = await readdir(parent).catch(() => []);
    for (const name of names.filter((candidate) => candidate.startsWith(PIPE_FOLDER_PREFIX))) {
      const folder = path.join(parent, name);
      try {
        const { mtimeMs, uid } = await lstat(folder);
        const isLeft = uid === process.getuid?.() && nowMs - mtimeMs > LEFT_AFTER_MS;
        if (isLeft) await rm(folder, { recursive: true, force: true });
      } catch (error) {
        // Another executor may be removing the same one.
        logger.debug('A left folder of pipes stays', { folder, reason: toError(error).message });
      }
    }
  }
}
