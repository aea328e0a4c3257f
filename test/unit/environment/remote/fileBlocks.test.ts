import { describe, expect, it } from 'vitest';
import type { FileBlock, OpenFile } from '../../../../src/environment/fileSystem';
import { readByBlocks } from '../../../../src/environment/remote/fileBlocks';

const limits = { maxFileBlockBytes: 10, maxRemoteBlocksUnderWay: 4, maxReadFileBytes: 100 };

class BlockFile implements OpenFile {
  reads = 0;
  isClosed = false;

  constructor(private readonly block: (offset: number, length: number) => FileBlock) {}

  readBlock(offset: number, length: number): Promise<FileBlock> {
    this.reads += 1;
    return Promise.resolve(this.block(offset, length));
  }

  writeBlock(): Promise<void> {
    return Promise.reject(new Error('not opened for it'));
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

const blocksOf =
  (content: Buffer) =>
  (offset: number, length: number): FileBlock => {
    const chunk = content.subarray(offset, offset + length);
    return { chunk, eof: chunk.length < length };
  };

describe('reading by blocks', () => {
  it.each([0, 9, 10, 40, 95, 100])('gives all %i bytes of a file', async (size) => {
    const content = Buffer.from(Array.from({ length: size }, (_, index) => index));
    const file = new BlockFile(blocksOf(content));
    expect([await readByBlocks(file, limits), file.isClosed]).toEqual([content, true]);
  });

  it('stops at a file that has no end', async () => {
    const file = new BlockFile((_offset, length) => ({ chunk: Buffer.alloc(length), eof: false }));
    const failure = await readByBlocks(file, limits).catch((error: unknown) => error);
    expect([failure, file.reads, file.isClosed]).toEqual([
      expect.objectContaining({
        code: 'protocolViolation',
        message: 'Failed to read the file: it does not end within 100 bytes',
      }),
      12,
      true,
    ]);
  });

  it.each([
    ['shorter', 9, false],
    ['longer', 11, false],
    ['longer at the end', 11, true],
  ])('refuses a block that is %s than it was asked for', async (_case, size, eof) => {
    const file = new BlockFile(() => ({ chunk: Buffer.alloc(size), eof }));
    await expect(readByBlocks(file, limits)).rejects.toMatchObject({ code: 'protocolViolation' });
    expect(file.isClosed).toBe(true);
  });
});
