import { lstat, mkdir, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoCodeOf } from '../../base/errors';
import { HeldDirectory } from './heldDirectory';
import { lstatIfPresent } from './regularFile';
import { systemError } from './systemError';
import type { WriteScope } from './writeScope';

/** Creates a directory in the scope; `recursive` makes its parents and is content with one that exists. */
export async function createDirectory(
  scope: WriteScope,
  path: string,
  options: { readonly recursive: boolean },
): Promise<void> {
  const { existing, missing } = await splitAtExisting(path);
  await scope.requireInside(join(existing, ...missing), path);
  if (missing.length === 0) {
    const isDirectory = (await lstat(existing)).isDirectory();
    if (!options.recursive || !isDirectory) throw systemError('EEXIST', path);
    return;
  }
  if (!options.recursive && missing.length > 1) throw systemError('ENOENT', path);
  let directory = await HeldDirectory.open(existing);
  try {
    await scope.requireInside(join(directory.realPath, ...missing), path);
    for (const name of missing) {
      await makeDirectory(directory, name, options.recursive);
      const next = await directory.enter(name);
      await directory.close();
      directory = next;
    }
  } finally {
    await directory.close();
  }
}

/** Makes one directory and, when asked to, is content with one that is there; a link there is not one. */
export async function makeDirectory(
  parent: HeldDirectory,
  name: string,
  mayExist: boolean,
): Promise<void> {
  const path = parent.pathOf(name);
  try {
    await mkdir(path);
  } catch (error) {
    if (!mayExist || errnoCodeOf(error) !== 'EEXIST') throw error;
    if (!(await lstat(path)).isDirectory()) throw error;
  }
}

/**
 * The real path of the deepest thing that exists, and the names still to be made below it. A link that
 * leads nowhere exists, so nothing can be made in its place or below it.
 */
async function splitAtExisting(path: string): Promise<{ existing: string; missing: string[] }> {
  const missing: string[] = [];
  for (let current = path; ; current = dirname(current)) {
    try {
      return { existing: await realpath(current), missing: missing.reverse() };
    } catch (error) {
      if (errnoCodeOf(error) !== 'ENOENT' || dirname(current) === current) throw error;
    }
    const entry = await lstatIfPresent(current);
    if (entry === undefined) missing.push(basename(current));
    // Somebody made it in between.
    else if (entry.isDirectory()) {
      return { existing: await realpath(current), missing: missing.reverse() };
    } else {
      throw systemError('EEXIST', path);
    }
  }
}
