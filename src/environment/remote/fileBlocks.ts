import type { Limits } from '../../base/limits';
import type { OpenFile } from '../fileSystem';

type BlockLimits = Pick<Limits, 'maxFileBlockBytes' | 'maxRemoteBlocksUnderWay'>;

/** Reads an open file to its end, some blocks ahead, and closes it. */
export async function readByBlocks(
  file: OpenFile,
  { maxFileBlockBytes: length, maxRemoteBlocksUnderWay }: BlockLimits,
): Promise<Buffer> {
  return closing(file, async () => {
    const chunks: Buffer[] = [];
    for (let offset = 0; ; offset += length * maxRemoteBlocksUnderWay) {
      const blocks = await Promise.all(
        Array.from({ length: maxRemoteBlocksUnderWay }, (_, index) =>
          file.readBlock(offset + index * length, length),
        ),
      );
      for (const { chunk, eof } of blocks) {
        chunks.push(chunk);
        if (eof) return Buffer.concat(chunks);
      }
    }
  });
}

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
