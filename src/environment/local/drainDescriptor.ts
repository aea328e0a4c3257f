import { readSync } from 'node:fs';

/**
 * Most that is taken at once. The kernel holds less of what an ended program wrote; the rest can only
 * come from something it left behind that goes on writing, which must not hold up its exit.
 */
const maxDrainBytes = 1024 * 1024;

/**
 * Takes out what a non-blocking pipe or terminal holds right now, without waiting for more.
 * @param block what is read into, again and again: memory made for each end of a program cost more than
 * the look at an empty pipe. The pieces handed on lie in it, valid during the call only.
 * @param take tells whether the descriptor is still open: whoever is handed a piece may close it.
 */
export function drainDescriptor(fd: number, block: Buffer, take: (bytes: Buffer) => boolean): void {
  for (let bytes = 0; bytes < maxDrainBytes;) {
    const length = fill(block, fd);
    if (length === 0) return;
    bytes += length;
    if (!take(block.subarray(0, length))) return;
  }
}

/** Reads until the block is full or nothing is left; a terminal gives at most 4 KiB at a time. */
function fill(block: Buffer, fd: number): number {
  let length = 0;
  while (length < block.length) {
    const count = readAvailable(fd, block, length);
    if (count === 0) break;
    length += count;
  }
  return length;
}

function readAvailable(fd: number, block: Buffer, offset: number): number {
  try {
    return readSync(fd, block, offset, block.length - offset, null);
  } catch {
    // EAGAIN: empty for now. EIO: empty, and everybody hung up. Either way it was all.
    return 0;
  }
}
