import type { DirectoryEntry, FileMetadata } from '../protocol/fileSystemMessages';

/** How a path is walked; `followSymlinks: false` refuses any symbolic link on the way. */
export interface PathOptions {
  readonly followSymlinks: boolean;
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
}
