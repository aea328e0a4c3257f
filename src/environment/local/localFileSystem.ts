import type { Stats } from 'node:fs';
import { lstat, realpath, rmdir, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../base/clock';
import { systemClock } from '../../base/clock';
import { errnoCodeOf } from '../../base/errors';
import type { Limits } from '../../base/limits';
import type { Disposable } from '../../base/lifecycle';
import { ErrorCode, RpcError, invalidRequest } from '../../protocol/errorCodes';
import type { OpenMode } from '../../protocol/fileHandleMessages';
import type { DirectoryEntry, FileMetadata } from '../../protocol/fileSystemMessages';
import type { WalkOptions, WalkResponse } from '../../protocol/walkMessages';
import type { FileSystem, OpenFile, PathOptions, WatchedPaths } from '../fileSystem';
import { copyTree } from './copyTree';
import { createDirectory } from './createDirectory';
import { openForBlocks, replaceByBlocks } from './localOpenFile';
import type { WatchLimits } from './missingWatch';
import { watchMissing } from './missingWatch';
import type { QuickFiles } from './quickFiles';
import { readDirectory } from './readDirectory';
import { readToEnd, withFileToRead, withFileToWrite } from './regularFile';
import { removeTree } from './removeTree';
import { findLink } from './resolveLinks';
import { systemError } from './systemError';
import type { WalkLimits } from './walkTree';
import { walkTree } from './walkTree';
import { atWritablePlace } from './writablePlace';
import type { WriteScope } from './writeScope';

/** What a `LocalFileSystem` works with. */
export interface LocalFileSystemOptions {
  readonly limits: Pick<Limits, 'maxReadFileBytes'> & WalkLimits & WatchLimits;
  readonly writeScope: WriteScope;
  /** Does small files at once where it can. */
  readonly quickFiles?: QuickFiles;
  /** Ends walks that take too long. */
  readonly clock?: Clock;
}

/** The files of this machine: read with the user's own rights, changed only in the write scope. */
export class LocalFileSystem implements FileSystem {
  private readonly limits: LocalFileSystemOptions['limits'];
  private readonly writeScope: WriteScope;
  private readonly quickFiles: QuickFiles | undefined;
  private readonly clock: Clock;

  constructor(options: LocalFileSystemOptions) {
    this.limits = options.limits;
    this.writeScope = options.writeScope;
    this.quickFiles = options.quickFiles;
    this.clock = options.clock ?? systemClock;
  }

  async getMetadata(path: string, options: PathOptions): Promise<FileMetadata> {
    if (!options.followSymlinks) await refuseLinks(path, hasLink);
    const own = await lstat(path);
    const isSymlink = own.isSymbolicLink();
    return describe(isSymlink ? await stat(path) : own, isSymlink);
  }

  async readFile(path: string, options: PathOptions): Promise<Buffer> {
    const quick = options.followSymlinks ? this.quickFiles?.read(path) : undefined;
    if (quick !== undefined) return quick;
    if (!options.followSymlinks) await refuseLinks(path, () => systemError('ELOOP', path));
    const limit = this.limits.maxReadFileBytes;
    return withFileToRead(path, options, async (file, stats) => {
      const size = Number(stats.size);
      const content = size > limit ? undefined : await readToEnd(file, size, limit);
      if (content === undefined) {
        throw invalidRequest(`file is too large to read: limit is ${limit} bytes`);
      }
      return content;
    });
  }

  async writeFile(path: string, data: Buffer, options: PathOptions): Promise<void> {
    if (options.followSymlinks && this.quickFiles?.write(path, data) === true) return;
    if (!options.followSymlinks) await refuseLinks(path, () => systemError('ELOOP', path));
    const keepLastLink = !options.followSymlinks;
    await atWritablePlace(this.writeScope, path, { keepLastLink }, (directory, name) =>
      withFileToWrite({ directory, name, askedPath: path }, async (file, stats) => {
        await file.writeFile(data);
        // Last: a file emptied first makes ext4 write the rest to the disk at once.
        if (stats.size > data.length) await file.truncate(data.length);
      }),
    );
  }

  async createDirectory(
    path: string,
    options: PathOptions & { readonly recursive: boolean },
  ): Promise<void> {
    if (!options.followSymlinks) {
      const code = options.recursive ? 'ENOTDIR' : 'EEXIST';
      await refuseLinks(path, () => systemError(code, path));
    }
    await createDirectory(this.writeScope, path, options);
  }

  readDirectory(path: string): Promise<DirectoryEntry[]> {
    return readDirectory(path);
  }

  canonicalize(path: string): Promise<string> {
    return realpath(path);
  }

  async remove(
    path: string,
    options: PathOptions & { readonly recursive: boolean; readonly force: boolean },
  ): Promise<void> {
    if (!options.followSymlinks) {
      if (options.recursive) {
        throw new RpcError(ErrorCode.internal, 'recursive no-follow removal is unsupported');
      }
      await refuseLinks(path, hasLink);
    }
    try {
      await this.removeExisting(path, options.recursive);
    } catch (error) {
      if (options.force && errnoCodeOf(error) === 'ENOENT') return;
      throw error;
    }
  }

  async copy(
    source: string,
    destination: string,
    options: { readonly recursive: boolean },
  ): Promise<void> {
    await copyTree(this.writeScope, source, destination, options);
  }

  walk(path: string, options: WalkOptions): Promise<WalkResponse> {
    return walkTree(path, options, { limits: this.limits, clock: this.clock });
  }

  open(path: string, mode: OpenMode): Promise<OpenFile> {
    return mode === 'read' ? openForBlocks(path) : replaceByBlocks(this.writeScope, path);
  }

  watchMissing(paths: WatchedPaths, onDidChange: () => void): Promise<Disposable | undefined> {
    return watchMissing(paths, this.limits, onDidChange);
  }

  private async removeExisting(path: string, recursive: boolean): Promise<void> {
    // Asked before anything is opened, so that the root of a file system is refused in every mode.
    await this.writeScope.requireRemovable(await realParentOf(path), path);
    await atWritablePlace(
      this.writeScope,
      path,
      { keepLastLink: true },
      async (directory, name) => {
        await this.writeScope.requireRemovable(join(directory.realPath, name), path);
        const entry = directory.pathOf(name);
        if (!(await lstat(entry)).isDirectory()) await unlink(entry);
        else if (recursive) await removeTree(directory, name);
        else await rmdir(entry);
      },
    );
  }
}

/** The path with its parent resolved; a link at the end stays, because it is what shall be removed. */
async function realParentOf(path: string): Promise<string> {
  return join(await realpath(dirname(path)), basename(path));
}

const hasLink = (): Error => invalidRequest('path contains a symbolic link');

/** A link on the way is no directory for a caller that does not follow; one at the end is each method's own. */
async function refuseLinks(path: string, atTheEnd: () => Error): Promise<void> {
  const link = await findLink(path);
  if (link !== undefined) throw link === path ? atTheEnd() : systemError('ENOTDIR', link);
}

function describe(stats: Stats, isSymlink: boolean): FileMetadata {
  return {
    isDirectory: stats.isDirectory(),
    isFile: stats.isFile(),
    isSymlink,
    size: stats.size,
    createdAtMs: wholeMs(stats.birthtimeMs),
    modifiedAtMs: wholeMs(stats.mtimeMs),
  };
}

/** 0 where a file system keeps no such time; times before the epoch count as none. */
function wholeMs(time: number): number {
  return Math.max(0, Math.floor(time));
}
