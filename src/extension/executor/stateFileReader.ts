import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { errnoCodeOf } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { StateFileSchema } from '../../executor/stateFile';
import type { StateFile } from '../../executor/stateFile';

/** The file holds six short members; anything longer is not ours. */
const MAX_STATE_FILE_BYTES = 16 * 1024;

/**
 * Reads the state file an executor left for this window. Absent, foreign, readable by others or
 * malformed: `undefined`, because following a planted file would hand the window to its author.
 */
export async function readStateFile(path: string, logger: Logger): Promise<StateFile | undefined> {
  let content: string;
  try {
    content = await readOwnFile(path);
  } catch (error) {
    if (errnoCodeOf(error) !== 'ENOENT') {
      logger.warn('ignored the state file', { reason: String(error) });
    }
    return undefined;
  }
  try {
    return StateFileSchema.parse(JSON.parse(content));
  } catch {
    // The parse error would quote the content, and the content holds the owner token.
    logger.warn('ignored the state file', { reason: 'it is malformed' });
    return undefined;
  }
}

async function readOwnFile(path: string): Promise<string> {
  // One handle for check and read, so that the file cannot be exchanged in between.
  const noFollow = process.platform === 'win32' ? 0 : constants.O_NOFOLLOW;
  const file = await open(path, constants.O_RDONLY | noFollow);
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error('not a regular file');
    if (stat.size > MAX_STATE_FILE_BYTES) throw new Error('too large');
    if (process.platform !== 'win32') {
      if (stat.uid !== process.getuid?.()) throw new Error('it belongs to another user');
      if ((stat.mode & 0o077) !== 0) throw new Error('other users may read or write it');
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Whether a process with this id exists, so that a leftover file does not send our token to a stranger's port. */
export function isProcessAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoCodeOf(error) === 'EPERM';
  }
}
