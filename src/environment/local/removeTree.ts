import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { errnoCodeOf } from '../../base/errors';
import { FILES_AT_ONCE, forEachBounded } from './forEachBounded';
import type { HeldDirectory } from './heldDirectory';
import { inDirectory } from './heldDirectory';

/**
 * Removes a directory with all that is in it. It goes down by directories held open, never by paths, so
 * a link swapped in on the way is itself removed and not what it leads to. What others remove meanwhile
 * is gone as well.
 */
export async function removeTree(parent: HeldDirectory, name: string | Buffer): Promise<void> {
  await inDirectory(parent.enter(name), async (directory) => {
    const names = await readdir(directory.ownPath(), { encoding: 'buffer' });
    const subdirectories: Buffer[] = [];
    await forEachBounded(names, FILES_AT_ONCE, async (child) => {
      if (await isDirectoryAndNotRemoved(directory.pathOfBytes(child))) subdirectories.push(child);
    });
    for (const child of subdirectories) await removeTree(directory, child);
  });
  await rmdir(typeof name === 'string' ? parent.pathOf(name) : parent.pathOfBytes(name));
}

/** Removes anything but a directory; for one it answers true, which spares a look at each file before. */
async function isDirectoryAndNotRemoved(path: Buffer): Promise<boolean> {
  try {
    await unlink(path);
    return false;
  } catch (error) {
    const code = errnoCodeOf(error);
    if (code === 'ENOENT') return false;
    if (code === 'EISDIR') return true;
    // Other systems than Linux answer EPERM or EACCES for a directory, and for a file they protect.
    if ((await lstat(path)).isDirectory()) return true;
    throw error;
  }
}
