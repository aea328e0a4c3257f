import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidRequest } from '../../protocol/errorCodes';
import type { FileBlock, OpenFile } from '../fileSystem';
import { openToRead, openToWrite } from './regularFile';
import { systemError } from './systemError';
import { atWritablePlace } from './writablePlace';
import type { WriteScope } from './writeScope';

/** The system counts offsets with 63 bits. */
const OFFSET_END = 2 ** 63;

/** Opens a file whose blocks are to be read. */
export async function openForBlocks(path: string): Promise<OpenFile> {
  const { file } = await openToRead(path, { followSymlinks: true });
  return new LocalOpenFile(file, path, () => Promise.resolve());
}

/** Creates a file, or empties it, in the write scope, so that its blocks can be written. */
export async function replaceByBlocks(scope: WriteScope, path: string): Promise<OpenFile> {
  return atWritablePlace(scope, path, { keepLastLink: false }, async (directory, name) => {
    const { file } = await openToWrite({ directory, name, askedPath: path });
    const realPath = join(directory.realPath, name);
    const openFile = new LocalOpenFile(file, path, () => scope.requireInside(realPath, path));
    try {
      await file.truncate();
    } catch (error) {
      await openFile.close();
      throw error;
    }
    return openFile;
  });
}

/** Which way a file was opened is the system's to judge: it answers EBADF to the other. */
class LocalOpenFile implements OpenFile {
  constructor(
    private readonly file: FileHandle,
    private readonly path: string,
    /** Asked before every write, because the user may narrow the scope while the file is open. */
    private readonly requireWritable: () => Promise<void>,
  ) {}

  async readBlock(offset: number, length: number): Promise<FileBlock> {
    requireOffsets('read', offset, length);
    if (isBeyondFiles(offset + length)) return { chunk: Buffer.alloc(0), eof: true };
    // Not zeroed, so only what was read may leave: the rest of the buffer is cut off.
    const buffer = Buffer.allocUnsafeSlow(length);
    let filled = 0;
    // A block that is there in full takes one call; a short one may be short for other reasons than the end.
    while (filled < length) {
      const left = length - filled;
      const { bytesRead } = await this.file.read(buffer, filled, left, offset + filled);
      if (bytesRead === 0) return { chunk: buffer.subarray(0, filled), eof: true };
      filled += bytesRead;
    }
    return { chunk: buffer, eof: false };
  }

  async writeBlock(offset: number, data: Buffer): Promise<void> {
    requireOffsets('write', offset, data.length);
    await this.requireWritable();
    if (isBeyondFiles(offset + data.length)) throw systemError('EFBIG', this.path);
    let written = 0;
    while (written < data.length) {
      const left = data.length - written;
      const { bytesWritten } = await this.file.write(data, written, left, offset + written);
      if (bytesWritten === 0) throw systemError('EIO', this.path);
      written += bytesWritten;
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

function requireOffsets(verb: 'read' | 'write', offset: number, length: number): void {
  if (offset + length < OFFSET_END) return;
  throw invalidRequest(`file ${verb} range exceeds the signed 64-bit file offset limit`);
}

/** No file is that large, and Node refuses such offsets or takes them for "go on where you are". */
function isBeyondFiles(offset: number): boolean {
  return !Number.isSafeInteger(offset);
}
