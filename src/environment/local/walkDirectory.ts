import type { BigIntStats, Dirent, Stats } from 'node:fs';
import { lstat, opendir, readdir, stat } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { errnoCodeOf } from '../../base/errors';
import { systemErrorText } from '../../protocol/errorCodes';
import type { WalkError } from '../../protocol/walkMessages';
import { sortByBytes } from './byteOrder';
import { FILES_AT_ONCE, forEachBounded } from './forEachBounded';

/** The promises of `node:fs/promises` cost twice the time of these, which shows on thousands of directories. */
const look = { stat: promisify(stat), lstat: promisify(lstat), readdir: promisify(readdir) };

/**
 * Size from which a directory is read piece by piece, so that one with millions of names is never in
 * memory as a whole. File systems tell at least some bytes a name; the piecewise way takes more calls.
 */
const LARGE_DIRECTORY_BYTES = 1024 * 1024;

/** Names fetched per call of those. */
const NAMES_AT_ONCE = 4096;

/** Stands for bytes that are no UTF-8. */
const REPLACEMENT = '\ufffd';

/** What a walk wants to know of one directory. */
export interface WalkedDirectory {
  /** The same for two paths that lead to one directory. */
  readonly identity: string;
  /** Files, directories and, if they are followed, links to directories; in byte order. */
  readonly names: readonly string[];
  readonly directories: ReadonlySet<string>;
  readonly errors: readonly WalkError[];
  /** There were more names than a walk takes from one directory. */
  readonly cut: boolean;
}

export interface WalkDirectoryOptions {
  readonly followSymlinks: boolean;
  readonly maxNames: number;
}

/** Looks into one directory. What cannot be read is an error in the result; a path that is none is `undefined`. */
export async function walkDirectory(
  path: string,
  options: WalkDirectoryOptions,
): Promise<WalkedDirectory | WalkError | undefined> {
  try {
    const stats = await (options.followSymlinks ? look.stat : look.lstat)(path, { bigint: true });
    return stats.isDirectory() ? await describe(path, stats, options) : undefined;
  } catch (error) {
    return walkErrorOf(path, error);
  }
}

async function describe(
  path: string,
  stats: BigIntStats,
  options: WalkDirectoryOptions,
): Promise<WalkedDirectory> {
  const { entries, cut } =
    stats.size > LARGE_DIRECTORY_BYTES
      ? await readPiecewise(path, options)
      : { entries: await look.readdir(path, { withFileTypes: true }), cut: false };
  const names: string[] = [];
  const directories = new Set<string>();
  const links: string[] = [];
  const doubtful: string[] = [];
  for (const entry of entries) {
    if (entry.name.includes(REPLACEMENT)) doubtful.push(entry.name);
    else if (entry.isSymbolicLink()) links.push(entry.name);
    else if (entry.isDirectory()) directories.add(entry.name);
    else if (entry.isFile()) names.push(entry.name);
  }
  if (options.followSymlinks) await addLinkedDirectories(path, links, directories);
  const errors: WalkError[] = [];
  await forEachBounded(doubtful, FILES_AT_ONCE, async (name) => {
    const kind = await kindOrError(join(path, name));
    if (!('isFile' in kind)) errors.push(kind);
    else if (kind.isDirectory()) directories.add(name);
    else if (kind.isFile()) names.push(name);
  });
  errors.sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const name of directories) names.push(name);
  sortByBytes(names);
  return { identity: `${stats.dev}:${stats.ino}`, names, directories, errors, cut };
}

/** Takes only what can be listed, so that the limit counts that. */
async function readPiecewise(
  path: string,
  { followSymlinks, maxNames }: WalkDirectoryOptions,
): Promise<{ entries: Dirent[]; cut: boolean }> {
  const entries: Dirent[] = [];
  for await (const entry of await promisify(opendir)(path, { bufferSize: NAMES_AT_ONCE })) {
    const isWanted =
      entry.isFile() || entry.isDirectory() || (followSymlinks && entry.isSymbolicLink());
    if (!isWanted) continue;
    if (entries.length === maxNames) return { entries, cut: true };
    entries.push(entry);
  }
  return { entries, cut: false };
}

async function addLinkedDirectories(
  path: string,
  links: readonly string[],
  directories: Set<string>,
): Promise<void> {
  await forEachBounded(links, FILES_AT_ONCE, async (name) => {
    try {
      if ((await look.stat(join(path, name))).isDirectory()) directories.add(name);
    } catch {
      // Dangling, looping or behind a directory without rights: it leads to no directory for this user.
    }
  });
}

/** A name whose bytes are no UTF-8 comes from Node as another one, under which there is nothing. */
async function kindOrError(path: string): Promise<Stats | WalkError> {
  try {
    return await look.lstat(path);
  } catch (error) {
    return walkErrorOf(path, error);
  }
}

/** @throws what is no failure of the system. */
function walkErrorOf(path: string, error: unknown): WalkError {
  const code = errnoCodeOf(error);
  if (code === undefined) throw error;
  return { path, message: systemErrorText(code) };
}
