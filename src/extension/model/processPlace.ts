import path from 'node:path';
import type { PlatformPath } from 'node:path';

/** A workspace folder on this machine. */
export interface OpenFolder {
  readonly name: string;
  readonly path: string;
  /** Without symbolic links, as programs report the directory they are in. */
  readonly realPath: string;
}

/** Where a process works, as seen from the workspace. */
export interface ProcessPlace {
  /** Empty for the only workspace folder itself, which goes without saying. */
  readonly text: string;
  readonly isOutside: boolean;
}

/**
 * A working directory as a person thinks of it: relative to its workspace folder, named with the folder
 * where there are several; absolute when it is in none of them.
 */
export function processPlace(
  cwd: string,
  folders: readonly OpenFolder[],
  paths: PlatformPath = path,
): ProcessPlace {
  const [nearest] = folders
    .flatMap((folder) => relativePaths(folder, cwd, paths).map((rest) => ({ folder, rest })))
    // Folders can contain each other; the innermost one leaves the least to say.
    .toSorted((a, b) => a.rest.length - b.rest.length);
  if (nearest === undefined) return { text: cwd, isOutside: true };
  const { folder, rest } = nearest;
  const named = folders.length === 1 ? rest : [folder.name, rest].filter(Boolean).join('/');
  return { text: named.replaceAll(paths.sep, '/'), isOutside: false };
}

function relativePaths(folder: OpenFolder, cwd: string, paths: PlatformPath): readonly string[] {
  return [folder.path, folder.realPath]
    .map((base) => paths.relative(base, cwd))
    .filter(
      (rest) => rest !== '..' && !rest.startsWith(`..${paths.sep}`) && !paths.isAbsolute(rest),
    );
}
