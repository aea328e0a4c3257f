import { ExecServerError } from '../../base/errors';
import type { Limits } from '../../base/limits';
import type { FileBlock, OpenFile } from '../fileSystem';

type BlockLimits = Pick<Limits, 'maxFileBlockBytes' | 'maxRemoteBlocksUnderWay'>;

/**
 * Reads an open file to its end, some blocks ahead, and closes it.
 *
 * @throws ExecServerError `protocolViolation` for blocks that do not make up a file, or one that has no end.
 */
export async function readByBlocks(
  file: OpenFile,
  limits: BlockLimits & Pick<Limits, 'maxReadFileBytes'>,
): Promise<Buffer> {
  const { maxFileBlockBytes: length, maxRemoteBlocksUnderWay, maxReadFileBytes } = limits;
  return closing(file, async () => {
    const chunks: Buffer[] = [];
    for (let offset = 0; offset <= maxReadFileBytes; offset += length * maxRemoteBlocksUnderWay) {
      const blocks = await Promise.all(
        Array.from({ length: maxRemoteBlocksUnderWay }, (_, index) =>
          file.readBlock(offset + index * length, length),
        ),
      );
      for (const block of blocks) {
        if (!fits(block, length)) throw unreadable('a block has another length than was asked for');
        chunks.push(block.chunk);
        if (block.eof) return Buffer.concat(chunks);
      }
    }
    throw unreadable(`it does not end within ${maxReadFileBytes} bytes`);
  });
}

/** Only the last block may be shorter: what comes after a hole would stand in the wrong place. */
function fits({ chunk, eof }: FileBlock, length: number): boolean {
  return eof ? chunk.length <= length : chunk.length === length;
}

const unreadable = (reason: string): ExecServerError =>
  new ExecServerError('protocolViolation', `Failed to read the file: ${reason}`);

/** Fills a file that was opened empty, several blocks at a time, and closes it. */
export async function writeByBlocks(
  file: OpenFile,
  data: Buffer,
  { maxFileBlockBytes: length, maxRemoteBlocksUnderWay }: BlockLimits,
): Promise<void> {
  await closing(file, async () => {
    const stride = length * maxRemoteBlocksUnderWay;
    for (let start = 0; start < data.length; start += stride) {
      const blocks = data.subarray(start, start + stride);
      const writes = [];
      for (let offset = 0; offset < blocks.length; offset += length) {
        writes.push(file.writeBlock(start + offset, blocks.subarray(offset, offset + length)));
      }
      await Promise.all(writes);
    }
  });
}

async function closing<T>(file: OpenFile, work: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    // What went wrong first is what the caller shall hear; the handle goes with its connection.
    await file.close().catch(() => undefined);
    throw error;
  }
  await file.close();
  return result;
}
