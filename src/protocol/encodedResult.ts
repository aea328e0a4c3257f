/** Bytes per slice when encoding: a multiple of 3, so that slices join without padding in between. */
const SLICE_BYTES = 3 * 256 * 1024;

/**
 * A result whose single member is base64, kept as bytes until it is written into the frame. The text of
 * a large file never exists as one string: V8 ends strings at 512 MiB, and each copy costs time.
 */
export class EncodedResult {
  private readonly head: string;
  private readonly tail = '"}';

  /** @param member name of the result's only member, plain ASCII. */
  constructor(
    member: string,
    private readonly bytes: Buffer,
  ) {
    this.head = `{"${member}":"`;
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
}
