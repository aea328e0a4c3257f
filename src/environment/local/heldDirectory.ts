import type { FileHandle } from 'node:fs/promises';
import { lstat, open, readlink, realpath } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { errnoCodeOf } from '../../base/errors';
import { openFlags } from './openFlags';
import { isSameFile } from './sameFile';
import { systemError } from './systemError';

/**
 * A directory on which names are used without going through its path again, so that nobody can lead
 * them elsewhere by swapping a link into the path. Node has no `openat`; on Linux `/proc/self/fd/<n>/name`
 * is the same thing. Elsewhere the real path is used and `confirm` finds out a swap before anything is
 * written, so that the most somebody can bring about is an empty file outside the scope.
 */
export class HeldDirectory {
  private constructor(
    /** Where the directory was when it was opened, told by the system and not by whoever named it. */
    readonly realPath: string,
    private readonly handle: FileHandle | undefined,
  ) {}

  /** Holds a directory; a link as its last component is refused. */
  static async open(path: string): Promise<HeldDirectory> {
    if (process.platform === 'linux') {
      const handle = await open(path, openFlags.holdDirectory);
      const realPath = await realPathOf(handle);
      if (realPath !== undefined) return new HeldDirectory(realPath, handle);
    }
    await requireDirectory(path);
    return new HeldDirectory(await realpath(path), undefined);
  }

  /** The path to give to a system call for a name in this directory. */
  pathOf(name: string): string {
    return join(this.ownPath(), name);
  }

  /** The same for a name that may not be UTF-8. */
  pathOfBytes(name: Buffer): Buffer {
    return Buffer.concat([Buffer.from(this.ownPath() + sep), name]);
  }

  /** The path to give to a system call for the directory itself. */
  ownPath(): string {
    return this.handle === undefined ? this.realPath : descriptorPath(this.handle.fd);
  }

  /** Holds a directory in this one; a link of that name is refused. */
  async enter(name: string | Buffer): Promise<HeldDirectory> {
    const path = typeof name === 'string' ? this.pathOf(name) : this.pathOfBytes(name);
    // Known without asking, which would fail for a directory deeper than a path may be long.
    const realPath = join(this.realPath, name.toString());
    if (this.handle !== undefined) {
      return new HeldDirectory(realPath, await open(path, openFlags.holdDirectory));
    }
    await requireDirectory(path);
    return new HeldDirectory(realPath, undefined);
  }

  /** Refuses a file just opened in here if the way to it changed meanwhile. Nothing is written before. */
  async confirm(file: FileHandle, name: string): Promise<void> {
    if (this.handle !== undefined) return;
    const path = join(this.realPath, name);
    const [opened, named] = await Promise.all([
      file.stat({ bigint: true }),
      lstat(path, { bigint: true }),
    ]);
    if (!isSameFile(opened, named) || (await realpath(this.realPath)) !== this.realPath) {
      throw systemError('ELOOP', path);
    }
  }

  async close(): Promise<void> {
    await this.handle?.close();
  }
}

/** Holds a directory for as long as `use` runs. */
export async function inDirectory<T>(
  held: Promise<HeldDirectory>,
  use: (directory: HeldDirectory) => Promise<T>,
): Promise<T> {
  const directory = await held;
  try {
    return await use(directory);
  } finally {
    await directory.close();
  }
}

/** Where the system says a handle leads; a container without /proc cannot say, and the handle is let go. */
async function realPathOf(handle: FileHandle): Promise<string | undefined> {
  try {
    return await readlink(descriptorPath(handle.fd));
  } catch (error) {
    await handle.close();
    if (errnoCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function requireDirectory(path: string | Buffer): Promise<void> {
  if (!(await lstat(path)).isDirectory()) throw systemError('ENOTDIR', path.toString());
}

/** What an open descriptor leads to, as a path of this process. Linux only. */
export function descriptorPath(fd: number): string {
  return `/proc/self/fd/${fd}`;
}
