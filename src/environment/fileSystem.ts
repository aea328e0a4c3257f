import type { Disposable } from '../base/lifecycle';
import type { OpenMode } from '../protocol/fileHandleMessages';
import type { DirectoryEntry, FileMetadata } from '../protocol/fileSystemMessages';
import type { WalkOptions, WalkResponse } from '../protocol/walkMessages';

/** How a path is walked; `followSymlinks: false` refuses any symbolic link on the way. */
export interface PathOptions {
  readonly followSymlinks: boolean;
}

/** What was read: with `eof` fewer bytes than asked for, because the file ends there. */
export interface FileBlock {
  readonly chunk: Buffer;
  readonly eof: boolean;
}

/** A file held open. Blocks may be read and written in any order; `close` waits for those under way. */
export interface OpenFile {
  readBlock(offset: number, length: number): Promise<FileBlock>;
  /** @throws RpcError `outsideWriteScope` when the scope no longer has the file. */
  writeBlock(offset: number, data: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Paths that do not exist, and one that does. */
export interface WatchedPaths {
  readonly missing: readonly string[];
  readonly present?: string | undefined;
}

/**
 * The files of one environment. Paths are native and absolute. System failures come as they are (an
 * error with `code: 'ENOENT'` and so on), refusals of our own as `RpcError`.
 */
export interface FileSystem {
  getMetadata(path: string, options: PathOptions): Promise<FileMetadata>;
  /** Regular files only, up to the limit `maxReadFileBytes`. */
  readFile(path: string, options: PathOptions): Promise<Buffer>;
  /** Creates, or replaces the content in place (mode kept, link followed). */
  writeFile(path: string, data: Buffer, options: PathOptions): Promise<void>;
  createDirectory(
    path: string,
    options: PathOptions & { readonly recursive: boolean },
  ): Promise<void>;
  /** In the system's order; links that lead nowhere are left out. */
  readDirectory(path: string): Promise<DirectoryEntry[]>;
  canonicalize(path: string): Promise<string>;
  /** A symbolic link is removed itself, never its target. `force` hides only that nothing was there. */
  remove(
    path: string,
    options: PathOptions & { readonly recursive: boolean; readonly force: boolean },
  ): Promise<void>;
  copy(
    source: string,
    destination: string,
    options: { readonly recursive: boolean },
  ): Promise<void>;
  /** What is below a directory, level by level, the names of each directory in byte order. */
  walk(path: string, options: WalkOptions): Promise<WalkResponse>;
  /** Regular files only. Links are followed. */
  open(path: string, mode: OpenMode): Promise<OpenFile>;
  /**
   * Tells once that something may have changed: that a missing path, or a directory it would be in, is
   * there now, or that the present one is another; never before it has answered. Answers `undefined`
   * where nobody can tell for certain.
   */
  watchMissing(paths: WatchedPaths, onDidChange: () => void): Promise<Disposable | undefined>;
}
