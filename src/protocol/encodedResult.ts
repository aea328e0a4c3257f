/** Bytes per slice when encoding: a multiple of 3, so that slices join without padding in between. */
const SLICE_BYTES = 3 * 256 * 1024;

/** Bytes per piece: a fraction of a millisecond to encode, so that others get their turn in between. */
const PIECE_BYTES = 3 * 64 * 1024;

/**
 * A result with a member that is base64, kept as bytes until it is written into the frame. The text of
 * a large file never exists as one string: V8 ends strings at 512 MiB, and each copy costs time.
 */
export class EncodedResult {
  private readonly head: string;
  private readonly tail: string;

  /**
   * @param member name of the member that is base64, plain ASCII.
   * @param flags the other members.
   */
  constructor(
    member: string,
    private readonly bytes: Buffer,
    flags: Readonly<Record<string, boolean>> = {},
  ) {
    this.head = `{"${member}":"`;
    const others = Object.entries(flags).map(([name, flag]) => `,"${name}":${String(flag)}`);
    this.tail = `"${others.join('')}}`;
  }

  get byteLength(): number {
    return this.head.length + Math.ceil(this.bytes.length / 3) * 4 + this.tail.length;
  }

  /** Writes the JSON text at `offset` and returns the offset behind it. */
  writeTo(target: Buffer, offset: number): number {
    let end = offset + target.write(this.head, offset, 'latin1');
    for (let start = 0; start < this.bytes.length; start += SLICE_BYTES) {
      const slice = this.bytes.subarray(start, start + SLICE_BYTES);
      end += target.write(slice.toString('base64'), end, 'latin1');
    }
    return end + target.write(this.tail, end, 'latin1');
  }

  /** The same text in pieces of bounded size. */
  *pieces(): Generator<Buffer, void> {
    yield Buffer.from(this.head, 'latin1');
    for (let start = 0; start < this.bytes.length; start += PIECE_BYTES) {
      const piece = this.bytes.subarray(start, start + PIECE_BYTES);
      yield Buffer.from(piece.toString('base64'), 'latin1');
    }
    yield Buffer.from(this.tail, 'latin1');
  }
}
