import type { BigIntStats, Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, open, stat } from 'node:fs/promises';
import { errnoCodeOf } from '../../base/errors';
import { invalidRequest } from '../../protocol/errorCodes';
import type { RpcError } from '../../protocol/errorCodes';
import type { HeldDirectory } from './heldDirectory';
import { openFlags } from './openFlags';
import { systemError } from './systemError';

/** Permissions of a created file, before the umask. */
export const CREATED_FILE_MODE = 0o666;

/** Read at a time where the size is not known in advance, as under /proc. */
const READ_STEP_BYTES = 64 * 1024;

/** The peer's words for a path that names something other than a regular file. */
export const notAFile = (path: string): RpcError =>
  invalidRequest(`path \`${path}\` is not a file`);

/** A regular file just opened, and what it was found to be. */
export interface OpenedFile {
  readonly file: FileHandle;
  readonly stats: BigIntStats;
}

/**
 * Opens a regular file. The kind is looked at before the open, because opening a device can set it going,
 * and again after it, because only that is certain.
 */
export async function openToRead(
  path: string,
  options: { readonly followSymlinks: boolean },
): Promise<OpenedFile> {
  const before = options.followSymlinks ? await stat(path) : await lstat(path);
  if (before.isSymbolicLink()) throw systemError('ELOOP', path);
  if (!before.isFile()) throw notAFile(path);
  const file = await open(path, options.followSymlinks ? openFlags.read : openFlags.readNoFollow);
  return closingOnFailure(file, async () => {
    const stats = await file.stat({ bigint: true });
    if (!stats.isFile()) throw notAFile(path);
    return { file, stats };
  });
}

/** Opens a regular file, lets `use` work with it and closes it. */
export async function withFileToRead<T>(
  path: string,
  options: { readonly followSymlinks: boolean },
  use: (file: FileHandle, stats: BigIntStats) => Promise<T>,
): Promise<T> {
  const { file, stats } = await openToRead(path, options);
  return closingAfter(file, () => use(file, stats));
}

/** A file to write in a directory held open. */
export interface WriteTarget {
  readonly directory: HeldDirectory;
  readonly name: string;
  /** What the caller named, for error texts. */
  readonly askedPath: string;
  /** Permissions if it is created, before the umask. */
  readonly createMode?: number;
}

/**
 * The same for writing: creates the file or opens it as it is; whoever opens it truncates. Only regular
 * files are written, not even /dev/null: a device is no place for a file's content.
 */
export async function openToWrite(target: WriteTarget): Promise<OpenedFile> {
  const { directory, name, askedPath } = target;
  const path = directory.pathOf(name);
  requireWritableKind(await lstatIfPresent(path), askedPath);
  const mode = target.createMode ?? CREATED_FILE_MODE;
  const file = await open(path, openFlags.writeNoFollow, mode);
  return closingOnFailure(file, async () => {
    const stats = await file.stat({ bigint: true });
    requireWritableKind(stats, askedPath);
    await directory.confirm(file, name);
    return { file, stats };
  });
}

export async function withFileToWrite<T>(
  target: WriteTarget,
  use: (file: FileHandle, stats: BigIntStats) => Promise<T>,
): Promise<T> {
  const { file, stats } = await openToWrite(target);
  return closingAfter(file, () => use(file, stats));
}

/** Reads to the end, whatever the size was said to be, or answers `undefined` beyond `limit` bytes. */
export async function readToEnd(
  file: FileHandle,
  expectedBytes: number,
  limit: number,
): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let total = 0;
  // One byte more than expected, so that the end is met without another buffer.
  let size = expectedBytes > 0 ? expectedBytes + 1 : READ_STEP_BYTES;
  for (;;) {
    const part = Buffer.allocUnsafeSlow(size);
    const filled = await fill(file, part);
    total += filled;
    if (total > limit) return undefined;
    parts.push(part.subarray(0, filled));
    if (filled < size) break;
    // Doubling keeps the number of parts small for files that only say what they hold while read.
    size = Math.min(Math.max(READ_STEP_BYTES, total), limit + 1 - total);
  }
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts, total);
}

/** Reads until the buffer is full or the file ends; a single read may give less than there is. */
export async function fill(file: FileHandle, buffer: Buffer): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

/** What a path names, without following a link at its end; `undefined` when there is nothing. */
export async function lstatIfPresent(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (errnoCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function requireWritableKind(stats: Stats | BigIntStats | undefined, askedPath: string): void {
  if (stats === undefined || stats.isFile()) return;
  if (stats.isDirectory()) throw systemError('EISDIR', askedPath);
  if (stats.isSymbolicLink()) throw systemError('ELOOP', askedPath);
  throw notAFile(askedPath);
}

async function closingOnFailure<T>(file: FileHandle, check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function closingAfter<T>(file: FileHandle, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await file.close();
  }
}
