import { basename, dirname, join } from 'node:path';
import { HeldDirectory, inDirectory } from './heldDirectory';
import type { WriteScope } from './writeScope';

/**
 * Finds the place a path means, holds the directory it is in, and lets `use` change it there. The scope
 * is asked twice: about the path, and about the directory that was in fact opened.
 */
export async function atWritablePlace<T>(
  scope: WriteScope,
  path: string,
  options: { readonly keepLastLink: boolean },
  use: (directory: HeldDirectory, name: string) => Promise<T>,
): Promise<T> {
  const real = await scope.resolveForWriting(path, options);
  const name = basename(real);
  return inDirectory(HeldDirectory.open(dirname(real)), async (directory) => {
    await scope.requireInside(join(directory.realPath, name), path);
    return use(directory, name);
  });
}
