import { realpath } from 'node:fs/promises';
import type { Readable, Writable } from 'node:stream';
import type { Disposable } from '../../../base/lifecycle';
import { defaultLimits } from '../../../base/limits';
import type { OpenFile } from '../../fileSystem';
import { LocalFileSystem } from '../localFileSystem';
import { systemError } from '../systemError';
import { FrameDecoder, encodeFrame } from './frames';
import type { HelperMessage, HelperOperation, HelperRequest, HelperStart } from './helperMessages';
import { describeFailure } from './helperMessages';
import { PolicyWriteScope } from './policyWriteScope';

/** An answer: JSON, or bytes with a JSON part. */
interface Outcome {
  readonly value?: unknown;
  readonly body?: Buffer;
}

/**
 * Serves file operations over two streams until the first of them ends. It runs inside a sandbox: the
 * kernel shows it no more than the policy allows, so what it is asked to do need not be trusted.
 */
export async function serveFileHelper(input: Readable, output: Writable): Promise<void> {
  let helper: FileHelper | undefined;
  const decoder = new FrameDecoder({
    maxHeadBytes: defaultLimits.maxMessageBytes,
    maxBodyBytes: defaultLimits.maxMessageBytes,
  });
  const send = (message: HelperMessage, body?: Buffer): void => {
    for (const piece of encodeFrame(message, body)) output.write(piece);
  };
  for await (const data of input) {
    decoder.push(data as Buffer, ({ head, body }) => {
      if (helper === undefined) {
        helper = new FileHelper(head as HelperStart, send);
        send({ ready: true });
        return;
      }
      void helper.answer(head as HelperRequest, body);
    });
  }
}

class FileHelper {
  private readonly files: LocalFileSystem;
  private readonly open = new Map<number, OpenFile>();
  private readonly watches = new Map<number, Disposable>();
  private readonly hiddenFiles: ReadonlySet<string>;
  private lastFile = 0;

  constructor(
    { places, writeScope }: HelperStart,
    private readonly send: (message: HelperMessage, body?: Buffer) => void,
  ) {
    const hidden = places.filter(({ kind, access }) => kind === 'file' && access === 'none');
    this.hiddenFiles = new Set(hidden.map(({ path }) => path));
    this.files = new LocalFileSystem({
      limits: defaultLimits,
      writeScope: new PolicyWriteScope(places, writeScope),
    });
  }

  async answer({ id, operation }: HelperRequest, content: Buffer): Promise<void> {
    try {
      await this.refuseHidden(operation);
      const { value, body } = await this.perform(operation, content);
      this.send({ id, value }, body);
    } catch (error) {
      this.send({ id, failure: describeFailure(error) });
    }
  }

  /** A file that is hidden looks like a device, which reads as another refusal than the kernel's. */
  private async refuseHidden(operation: HelperOperation): Promise<void> {
    if (!('path' in operation) || this.hiddenFiles.size === 0) return;
    const { path } = operation;
    // What cannot be resolved fails in its own way.
    const real = await realpath(path).catch(() => path);
    if (this.hiddenFiles.has(real)) throw systemError('EACCES', path);
  }

  private async perform(operation: HelperOperation, content: Buffer): Promise<Outcome> {
    const { files } = this;
    switch (operation.call) {
      case 'getMetadata':
        return { value: await files.getMetadata(operation.path, operation) };
      case 'readFile':
        return { body: await files.readFile(operation.path, operation) };
      case 'writeFile':
        await files.writeFile(operation.path, content, operation);
        return {};
      case 'createDirectory':
        await files.createDirectory(operation.path, operation);
        return {};
      case 'readDirectory':
        return { value: await files.readDirectory(operation.path) };
      case 'canonicalize':
        return { value: await files.canonicalize(operation.path) };
      case 'remove':
        await files.remove(operation.path, operation);
        return {};
      case 'copy':
        await files.copy(operation.source, operation.destination, operation);
        return {};
      case 'walk':
        return { value: await files.walk(operation.path, operation.options) };
      case 'open':
        return { value: await this.openFile(operation.path, operation.mode) };
      case 'readBlock': {
        const file = this.openFileAt(operation.file);
        const { chunk, eof } = await file.readBlock(operation.offset, operation.length);
        return { value: eof, body: chunk };
      }
      case 'writeBlock':
        await this.openFileAt(operation.file).writeBlock(operation.offset, content);
        return {};
      case 'close': {
        const file = this.openFileAt(operation.file);
        this.open.delete(operation.file);
        await file.close();
        return {};
      }
      case 'watchMissing':
        return { value: await this.watch(operation) };
      case 'unwatch':
        this.watches.get(operation.watch)?.dispose();
        this.watches.delete(operation.watch);
        return {};
    }
  }

  private async openFile(path: string, mode: 'read' | 'replace'): Promise<number> {
    const file = await this.files.open(path, mode);
    this.lastFile += 1;
    this.open.set(this.lastFile, file);
    return this.lastFile;
  }

  private openFileAt(number: number): OpenFile {
    const file = this.open.get(number);
    if (file === undefined) throw systemError('EBADF', String(number));
    return file;
  }

  private async watch({
    watch,
    missing,
    present,
  }: Extract<HelperOperation, { call: 'watchMissing' }>): Promise<boolean> {
    const subscription = await this.files.watchMissing({ missing, present }, () => {
      this.send({ changed: watch });
    });
    if (subscription === undefined) return false;
    this.watches.set(watch, subscription);
    return true;
  }
}
