import { readSync } from 'node:fs';

/** The longest piece a drain gives back, the same as one read of a stream. */
const blockBytes = 64 * 1024;

/**
 * Most that is taken at once. The kernel holds less of what an ended program wrote; the rest can only
 * come from something it left behind that goes on writing, which must not hold up its exit.
 */
const maxDrainBytes = 1024 * 1024;

/** Takes out what a non-blocking pipe or terminal holds right now, without waiting for more. */
export function drainDescriptor(fd: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let bytes = 0; bytes < maxDrainBytes;) {
    const chunk = readBlock(fd);
    if (chunk.length === 0) break;
    bytes += chunk.length;
    chunks.push(chunk);
  }
  return chunks;
}

/** Reads until the block is full or nothing is left; a terminal gives at most 4 KiB at a time. */
function readBlock(fd: number): Buffer {
  const block = Buffer.allocUnsafeSlow(blockBytes);
  let length = 0;
  while (length < block.length) {
    const count = readAvailable(fd, block, length);
    if (count === 0) break;
    length += count;
  }
  return block.subarray(0, length);
}

function readAvailable(fd: number, block: Buffer, offset: number): number {
  try {
    return readSync(fd, block, offset, block.length - offset, null);
  } catch {
    // EAGAIN: empty for now. EIO: empty, and everybody hung up. Either way it was all.
    return 0;
  }
}
