/** A message between the executor and a file helper: a JSON document, and bytes that belong to it. */
export interface Frame {
  readonly head: unknown;
  readonly body: Buffer;
}

/** Length of the head and length of the body, 32 bits each. */
const PREFIX_BYTES = 8;

/** The pieces of a frame in the order to be written; the body is passed on as it is. */
export function encodeFrame(head: unknown, body: Buffer = Buffer.alloc(0)): readonly Buffer[] {
  const text = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(text.length, 0);
  prefix.writeUInt32BE(body.length, 4);
  return body.length === 0 ? [prefix, text] : [prefix, text, body];
}

/** What the other end may send at most. */
export interface FrameLimits {
  readonly maxHeadBytes: number;
  readonly maxBodyBytes: number;
}

/** Puts frames together again. Each byte is copied once, to where it stays. */
export class FrameDecoder {
  private readonly prefix = Buffer.alloc(PREFIX_BYTES);
  private head: Buffer | undefined;
  private body: Buffer = Buffer.alloc(0);
  private filled = 0;

  constructor(private readonly limits: FrameLimits) {}

  /** @throws Error when the other end does not keep to the limits or sends no JSON. */
  push(data: Buffer, receive: (frame: Frame) => void): void {
    let offset = 0;
    while (offset < data.length) {
      const target = this.target();
      const copied = data.copy(target.part, target.at, offset);
      offset += copied;
      this.filled += copied;
      if (this.head === undefined && this.filled === PREFIX_BYTES) this.begin();
      const { head, body } = this;
      if (head === undefined || this.filled < PREFIX_BYTES + head.length + body.length) continue;
      this.head = undefined;
      this.body = Buffer.alloc(0);
      this.filled = 0;
      receive({ head: JSON.parse(head.toString()) as unknown, body });
    }
  }

  private target(): { readonly part: Buffer; readonly at: number } {
    if (this.head === undefined) return { part: this.prefix, at: this.filled };
    const at = this.filled - PREFIX_BYTES;
    if (at < this.head.length) return { part: this.head, at };
    return { part: this.body, at: at - this.head.length };
  }

  private begin(): void {
    const headBytes = this.prefix.readUInt32BE(0);
    const bodyBytes = this.prefix.readUInt32BE(4);
    if (headBytes > this.limits.maxHeadBytes || bodyBytes > this.limits.maxBodyBytes) {
      throw new Error(`a frame of ${headBytes} and ${bodyBytes} bytes is too large`);
    }
    this.head = Buffer.allocUnsafe(headBytes);
    this.body = Buffer.allocUnsafe(bodyBytes);
  }
}
