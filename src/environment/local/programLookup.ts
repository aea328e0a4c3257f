import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { errnoCodeOf } from '../../base/errors';

/** Where the C library looks when there is no `PATH` at all. */
const defaultSearchPath = '/bin:/usr/bin';

/** The file a program name stands for, or the system error code that starting it would give. */
export type ProgramLookup =
  | { readonly found: true; readonly file: string }
  | { readonly found: false; readonly errorCode: string };

/**
 * Finds a program as execvp(3) would: a name with a slash is a path, relative to `cwd`; another one is
 * looked up along `searchPath`, where a file that may not be executed is passed over but remembered.
 */
export function findProgram(
  name: string,
  cwd: string,
  searchPath: string = defaultSearchPath,
): ProgramLookup {
  if (name === '') return { found: false, errorCode: 'ENOENT' };
  if (name.includes('/')) return inspect(path.resolve(cwd, name));
  let errorCode = 'ENOENT';
  for (const directory of searchPath.split(':')) {
    const lookup = inspect(path.resolve(cwd, directory, name));
    if (lookup.found) return lookup;
    if (lookup.errorCode === 'EACCES') errorCode = 'EACCES';
  }
  return { found: false, errorCode };
}

/** The system error code that using `cwd` as working directory would give, if any. */
export function workingDirectoryError(cwd: string): string | undefined {
  try {
    if (!statSync(cwd).isDirectory()) return 'ENOTDIR';
    accessSync(cwd, constants.X_OK);
    return undefined;
  } catch (error) {
    return errnoCodeOf(error) ?? 'ENOENT';
  }
}

function inspect(file: string): ProgramLookup {
  try {
    // execve answers EACCES for everything that is not a regular file, directories included.
    if (!statSync(file).isFile()) return { found: false, errorCode: 'EACCES' };
    accessSync(file, constants.X_OK);
    return { found: true, file };
  } catch (error) {
    return { found: false, errorCode: errnoCodeOf(error) ?? 'ENOENT' };
  }
}
