import type { Disposable } from '../../../base/lifecycle';
import { toDisposable } from '../../../base/lifecycle';
import type { OpenMode } from '../../../protocol/fileHandleMessages';
import type { DirectoryEntry, FileMetadata } from '../../../protocol/fileSystemMessages';
import type { WalkOptions, WalkResponse } from '../../../protocol/walkMessages';
import type { FileSystem, OpenFile, PathOptions, WatchedPaths } from '../../fileSystem';
import type { FileHelperProcess, HelperAnswer } from './fileHelperProcess';
import type { HelperOperation } from './helperMessages';

/** A helper held for a while, so that it is not taken for idle. */
export interface HelperLease extends Disposable {
  readonly helper: FileHelperProcess;
}

/** Schemas are slow to make, and most executors never have a helper to parse an answer of. */
const answers = () => import('./helperAnswers');

/** The files of a sandbox, through a helper that runs in it. */
export class HelperFileSystem implements FileSystem {
  constructor(private readonly lease: () => Promise<HelperLease>) {}

  async getMetadata(path: string, { followSymlinks }: PathOptions): Promise<FileMetadata> {
    const { value } = await this.call({ call: 'getMetadata', path, followSymlinks });
    return (await answers()).MetadataSchema.parse(value);
  }

  async readFile(path: string, { followSymlinks }: PathOptions): Promise<Buffer> {
    const { body } = await this.call({ call: 'readFile', path, followSymlinks });
    return body;
  }

  async writeFile(path: string, data: Buffer, { followSymlinks }: PathOptions): Promise<void> {
    await this.call({ call: 'writeFile', path, followSymlinks }, data);
  }

  async createDirectory(
    path: string,
    { followSymlinks, recursive }: PathOptions & { readonly recursive: boolean },
  ): Promise<void> {
    await this.call({ call: 'createDirectory', path, followSymlinks, recursive });
  }

  async readDirectory(path: string): Promise<DirectoryEntry[]> {
    const { value } = await this.call({ call: 'readDirectory', path });
    return (await answers()).EntriesSchema.parse(value);
  }

  async canonicalize(path: string): Promise<string> {
    const { value } = await this.call({ call: 'canonicalize', path });
    return (await answers()).PathSchema.parse(value);
  }

  async remove(
    path: string,
    options: PathOptions & { readonly recursive: boolean; readonly force: boolean },
  ): Promise<void> {
    const { followSymlinks, recursive, force } = options;
    await this.call({ call: 'remove', path, followSymlinks, recursive, force });
  }

  async copy(
    source: string,
    destination: string,
    { recursive }: { readonly recursive: boolean },
  ): Promise<void> {
    await this.call({ call: 'copy', source, destination, recursive });
  }

  async walk(path: string, options: WalkOptions): Promise<WalkResponse> {
    const { value } = await this.call({ call: 'walk', path, options });
    return (await answers()).WalkSchema.parse(value);
  }

  async open(path: string, mode: OpenMode): Promise<OpenFile> {
    return this.holding(async (lease) => {
      const { value } = await lease.helper.call({ call: 'open', path, mode });
      return new HelperOpenFile(lease, (await answers()).FileSchema.parse(value));
    });
  }

  async watchMissing(
    { missing, present }: WatchedPaths,
    onDidChange: () => void,
  ): Promise<Disposable | undefined> {
    return this.holding(async (lease) => {
      const { helper } = lease;
      const watch = helper.nextWatch();
      helper.onChange(watch, onDidChange);
      const { value } = await helper.call({ call: 'watchMissing', watch, missing, present });
      if (value === true) {
        return toDisposable(() => {
          helper.forgetWatch(watch);
          // The helper may have ended, and its watches with it.
          helper.call({ call: 'unwatch', watch }).catch(() => undefined);
          lease.dispose();
        });
      }
      helper.forgetWatch(watch);
      lease.dispose();
      return undefined;
    });
  }

  private async call(operation: HelperOperation, content?: Buffer): Promise<HelperAnswer> {
    const lease = await this.lease();
    try {
      return await lease.helper.call(operation, content);
    } finally {
      lease.dispose();
    }
  }

  /** Takes a lease that goes on after `use`, unless that fails. */
  private async holding<T>(use: (lease: HelperLease) => Promise<T>): Promise<T> {
    const lease = await this.lease();
    try {
      return await use(lease);
    } catch (error) {
      lease.dispose();
      throw error;
    }
  }
}

class HelperOpenFile implements OpenFile {
  constructor(
    private readonly lease: HelperLease,
    private readonly file: number,
  ) {}

  async readBlock(offset: number, length: number): Promise<{ chunk: Buffer; eof: boolean }> {
    const { file } = this;
    const answer = await this.lease.helper.call({ call: 'readBlock', file, offset, length });
    return { chunk: answer.body, eof: answer.value === true };
  }

  async writeBlock(offset: number, data: Buffer): Promise<void> {
    await this.lease.helper.call({ call: 'writeBlock', file: this.file, offset }, data);
  }

  async close(): Promise<void> {
    try {
      // With the helper the file is closed too.
      if (this.lease.helper.isRunning) {
        await this.lease.helper.call({ call: 'close', file: this.file });
      }
    } finally {
      this.lease.dispose();
    }
  }
}
