const LINE_FEED = 0x0a;

/** Room for the beginning of a line, doubled as the line grows. */
const FIRST_CAPACITY = 64 * 1024;

/**
 * Cuts a stream of bytes into lines. The unfinished line is kept in one piece of memory that grows with
 * it, so that a sender of single bytes costs no more than any other.
 */
export class LineSplitter {
  private unfinished = Buffer.alloc(0);
  private length = 0;

  /** @param maxLineBytes of a line without its end. */
  constructor(private readonly maxLineBytes: number) {}

  /**
   * Hands on every line that a chunk completes, without its end. The bytes are the receiver's to keep.
   *
   * @returns false when a line is longer than allowed; nothing makes sense after that.
   */
  push(chunk: Buffer, onLine: (line: Buffer) => void): boolean {
    let start = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, start);
      const piece = chunk.subarray(start, end === -1 ? chunk.length : end);
      if (this.length + piece.length > this.maxLineBytes) return false;
      if (end === -1) {
        this.keep(piece);
        return true;
      }
      onLine(this.length === 0 ? piece : this.finish(piece));
      start = end + 1;
    }
  }

  /** The line that was begun and never ended; empty when there is none. */
  rest(): Buffer {
    return this.finish(Buffer.alloc(0));
  }

  private finish(piece: Buffer): Buffer {
    this.keep(piece);
    const line = this.unfinished.subarray(0, this.length);
    this.unfinished = Buffer.alloc(0);
    this.length = 0;
    return line;
  }

  private keep(piece: Buffer): void {
    const length = this.length + piece.length;
    if (length > this.unfinished.length) {
      const capacity = Math.min(
        Math.max(length, this.unfinished.length * 2, FIRST_CAPACITY),
        this.maxLineBytes,
      );
      const grown = Buffer.allocUnsafeSlow(capacity);
      this.unfinished.copy(grown, 0, 0, this.length);
      this.unfinished = grown;
    }
    piece.copy(this.unfinished, this.length);
    this.length = length;
  }
}
