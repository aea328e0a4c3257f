import type { Disposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { OpenMode } from '../../protocol/fileHandleMessages';
import { ErrorCode, RpcError, invalidRequest } from '../../protocol/errorCodes';
import type { DirectoryEntry, FileMetadata } from '../../protocol/fileSystemMessages';
import type { SandboxMember } from '../../protocol/sandboxMessages';
import type { WalkOptions, WalkResponse } from '../../protocol/walkMessages';
import type { FileSystem, OpenFile, PathOptions, WatchedPaths } from '../fileSystem';
import type { Sandbox } from '../sandbox';
import { bytesOfAnswer } from './answeredBytes';
import { readByBlocks, writeByBlocks } from './fileBlocks';
import { toRemoteFailure } from './remoteErrors';
import { openRemoteFile } from './remoteOpenFile';
import type { RemoteLink } from './remoteLink';
import type { WritePath } from './remotePaths';
import type { RemotePeer } from './remotePeer';
import type { SharedMissingWatch } from './sharedMissingWatch';

export interface RemoteFileSystemOptions {
  /** The user's name for the remote. */
  readonly remote: string;
  readonly link: RemoteLink;
  readonly missingWatch: SharedMissingWatch;
  readonly limits: Pick<
    Limits,
    | 'maxRemoteMessageContentBytes'
    | 'maxRemoteBlocksUnderWay'
    | 'maxFileBlockBytes'
    | 'maxReadFileBytes'
    | 'maxRemoteWholeFileBytes'
  >;
  /** What the remote shall confine every operation to. */
  readonly sandbox?: Sandbox;
}

/** The files of a remote. Paths, failures and links are its own; nothing is looked at on this machine. */
export class RemoteFileSystem implements FileSystem {
  constructor(private readonly options: RemoteFileSystemOptions) {}

  getMetadata(path: string, { followSymlinks }: PathOptions): Promise<FileMetadata> {
    return this.call(({ client }, members) =>
      client.request('fs/getMetadata', { ...members(path), followSymlinks }),
    );
  }

  async readFile(path: string, options: PathOptions): Promise<Buffer> {
    const { limits } = this.options;
    // An answer that is too large for a string could not be told from a broken connection.
    const size = await this.sizeOf(path, options);
    if (size > limits.maxRemoteMessageContentBytes && size <= limits.maxReadFileBytes) {
      // Files opened for blocks follow links.
      const file = options.followSymlinks ? await this.openIfKnown(path) : undefined;
      if (file !== undefined) return this.readWhole(file);
      if (size > limits.maxRemoteWholeFileBytes)
        throw tooLarge('read', limits.maxRemoteWholeFileBytes);
    }
    return this.call(async ({ client }, members) => {
      const { dataBase64 } = await client.request('fs/readFile', { ...members(path), ...options });
      return bytesOfAnswer(dataBase64);
    });
  }

  async writeFile(path: string, data: Buffer, options: PathOptions): Promise<void> {
    const { limits, link } = this.options;
    if (data.length > limits.maxRemoteMessageContentBytes) {
      const peer = await link.peer();
      // Files opened for blocks follow links.
      if (!options.followSymlinks || !peer.has('fileWriteStreaming')) {
        throw tooLarge('write', limits.maxRemoteMessageContentBytes);
      }
      await writeByBlocks(await this.open(path, 'replace'), data, limits);
      return;
    }
    const dataBase64 = data.toString('base64');
    await this.call(({ client }, members) =>
      client.request('fs/writeFile', { ...members(path), ...options, dataBase64 }),
    );
  }

  async createDirectory(
    path: string,
    options: PathOptions & { readonly recursive: boolean },
  ): Promise<void> {
    await this.call(({ client }, members) =>
      client.request('fs/createDirectory', { ...members(path), ...options }),
    );
  }

  async readDirectory(path: string): Promise<DirectoryEntry[]> {
    const { entries } = await this.call(({ client }, members) =>
      client.request('fs/readDirectory', members(path)),
    );
    return entries;
  }

  canonicalize(path: string): Promise<string> {
    return this.call(async ({ client, paths }, members) =>
      paths.read((await client.request('fs/canonicalize', members(path))).path),
    );
  }

  async remove(
    path: string,
    options: PathOptions & { readonly recursive: boolean; readonly force: boolean },
  ): Promise<void> {
    await this.call(({ client }, members) =>
      client.request('fs/remove', { ...members(path), ...options }),
    );
  }

  async copy(
    source: string,
    destination: string,
    { recursive }: { readonly recursive: boolean },
  ): Promise<void> {
    await this.call(({ client }, members, write) => {
      const { path: sourcePath, ...common } = members(source);
      const destinationPath = write(destination);
      return client.request('fs/copy', { sourcePath, destinationPath, recursive, ...common });
    });
  }

  walk(path: string, options: WalkOptions): Promise<WalkResponse> {
    return this.call(async ({ client, paths }, members) => {
      const found = await client.request('fs/walk', { ...members(path), options });
      return {
        entries: found.entries.map((entry) => ({ ...entry, path: paths.read(entry.path) })),
        errors: found.errors.map((error) => ({ ...error, path: paths.read(error.path) })),
        truncated: found.truncated,
      };
    });
  }

  open(path: string, mode: OpenMode): Promise<OpenFile> {
    return this.call((peer, members) =>
      openRemoteFile(this.options.remote, peer, { ...members(path), mode }),
    );
  }

  watchMissing(paths: WatchedPaths, onDidChange: () => void): Promise<Disposable | undefined> {
    return this.options.missingWatch.add(paths, this.options.sandbox, onDidChange);
  }

  /** 0 for what is no file or cannot be looked at: reading it tells better what is wrong. */
  private async sizeOf(path: string, options: PathOptions): Promise<number> {
    try {
      const { isFile, size } = await this.getMetadata(path, options);
      return isFile ? size : 0;
    } catch (error) {
      const hasOwnWords =
        error instanceof RpcError &&
        (error.code === ErrorCode.invalidRequest || error.code === ErrorCode.internal);
      if (hasOwnWords) return 0;
      throw error;
    }
  }

  private async readWhole(file: OpenFile): Promise<Buffer> {
    try {
      return await readByBlocks(file, this.options.limits);
    } catch (error) {
      throw toRemoteFailure(this.options.remote, error);
    }
  }

  private async openIfKnown(path: string): Promise<OpenFile | undefined> {
    const { abilities } = await this.options.link.peer();
    return abilities.ifKnown('fs/open', () => this.open(path, 'read'));
  }

  /** Sends what names a path and what confines it. */
  private call<T>(
    send: (
      peer: RemotePeer,
      members: (path: string) => { path: string; sandbox?: SandboxMember | undefined },
      write: WritePath,
    ) => Promise<T>,
  ): Promise<T> {
    const { link, sandbox } = this.options;
    return link.use((peer) =>
      peer.paths.send('fs', (write) => {
        const confined =
          sandbox === undefined ? {} : { sandbox: peer.sandboxMember(sandbox, write) };
        return send(peer, (path) => ({ path: write(path), ...confined }), write);
      }),
    );
  }
}

const tooLarge = (verb: 'read' | 'write', limit: number): RpcError =>
  invalidRequest(
    `file is too large to ${verb}: the remote environment has no blocks for it, and one message takes ${limit} bytes`,
  );
