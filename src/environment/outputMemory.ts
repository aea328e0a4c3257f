import type { Deque } from './deque';

/** A piece of output in memory. It moves when the memory grows. */
export interface StoredPiece {
  start: number;
  readonly length: number;
}

/** The smallest memory; most programs say less. */
const SMALLEST_BYTES = 4096;

/**
 * The bytes a log keeps, in one block that is written round and round. Bulk output would otherwise take
 * a block per read, and the collector would spend more time on those than all the rest on the output.
 *
 * The block doubles when it is too small for what is kept, so it is at most twice as large as that
 * together with the largest piece.
 */
export class OutputMemory {
  private block: Buffer = Buffer.alloc(0);

  /** The bytes of a piece: the memory itself, which is written again once the piece is given up. */
  view({ start, length }: StoredPiece): Buffer {
    return this.block.subarray(start, start + length);
  }

  /**
   * Copies bytes in, behind the newest piece or at the front again.
   *
   * @param kept the pieces that must stay, oldest first.
   * @param keptBytes what they hold together.
   * @returns where the bytes start.
   */
  add(bytes: Buffer, kept: Deque<StoredPiece>, keptBytes: number): number {
    const start = this.findRoom(bytes.length, kept) ?? this.grow(kept, keptBytes + bytes.length);
    bytes.copy(this.block, start);
    return start;
  }

  /** Lets go of what the kept pieces do not need, when nothing will be added any more. */
  shrink(kept: Deque<StoredPiece>, keptBytes: number): void {
    if (keptBytes < this.block.length) this.move(kept, keptBytes);
  }

  private findRoom(length: number, kept: Deque<StoredPiece>): number | undefined {
    const oldest = kept.at(0);
    const newest = kept.at(kept.length - 1);
    if (oldest === undefined || newest === undefined) {
      return length <= this.block.length ? 0 : undefined;
    }
    const end = newest.start + newest.length;
    const hasTurned = newest.start < oldest.start;
    if (end + length <= (hasTurned ? oldest.start : this.block.length)) return end;
    return !hasTurned && length <= oldest.start ? 0 : undefined;
  }

  private grow(kept: Deque<StoredPiece>, needed: number): number {
    let size = Math.max(SMALLEST_BYTES, this.block.length);
    while (size < needed) size *= 2;
    // A block that is large enough and yet has no room is cut up; twice the size never is.
    if (size === this.block.length) size *= 2;
    return this.move(kept, size);
  }

  /** @returns the place behind the kept pieces. */
  private move(kept: Deque<StoredPiece>, size: number): number {
    const block = Buffer.allocUnsafeSlow(size);
    let end = 0;
    for (let index = 0; index < kept.length; index += 1) {
      const piece = kept.at(index);
      if (piece === undefined) break;
      this.view(piece).copy(block, end);
      piece.start = end;
      end += piece.length;
    }
    this.block = block;
    return end;
  }
}
