/** One side of a WebSocket connection, read along from its bytes: no extensions, as this server offers none. */

/** The blank line after an HTTP head. */
const HEAD_END = Buffer.from('\r\n\r\n');

const CONTINUATION = 0;
/** From here on opcodes are of control frames, which may stand between the fragments of a message. */
const FIRST_CONTROL_OPCODE = 8;

interface Frame {
  readonly isFinal: boolean;
  readonly opcode: number;
  readonly payload: Buffer;
  /** Bytes of the whole frame. */
  readonly length: number;
}

/** Takes the bytes of one direction as they come and gives every complete message, without the handshake. */
export class WebSocketTap {
  private parts: Buffer[] = [];
  private size = 0;
  /** Bytes without which nothing more can be read, so that a large frame is put together once. */
  private needed = 0;
  private headRead = false;
  private fragments: Buffer[] = [];

  constructor(private readonly onMessage: (text: string) => void) {}

  push(bytes: Buffer): void {
    this.parts.push(bytes);
    this.size += bytes.length;
    if (this.size < this.needed) return;
    const rest = this.read(Buffer.concat(this.parts));
    this.parts = [rest];
    this.size = rest.length;
  }

  private read(bytes: Buffer): Buffer {
    let rest = bytes;
    if (!this.headRead) {
      const end = rest.indexOf(HEAD_END);
      if (end < 0) return rest;
      this.headRead = true;
      rest = rest.subarray(end + HEAD_END.length);
    }
    for (;;) {
      const frame = readFrame(rest);
      if (typeof frame === 'number') {
        this.needed = frame;
        return rest;
      }
      this.take(frame);
      rest = rest.subarray(frame.length);
    }
  }

  private take({ isFinal, opcode, payload }: Frame): void {
    if (opcode >= FIRST_CONTROL_OPCODE) return;
    if (opcode !== CONTINUATION) this.fragments = [];
    this.fragments.push(payload);
    if (isFinal) this.onMessage(Buffer.concat(this.fragments).toString('utf8'));
  }
}

/** The frame at the start, or how many bytes there must be to know more. */
function readFrame(bytes: Buffer): Frame | number {
  if (bytes.length < 2) return 2;
  const first = bytes.readUInt8(0);
  const second = bytes.readUInt8(1);
  const shortLength = second & 0x7f;
  const lengthBytes = shortLength === 126 ? 2 : shortLength === 127 ? 8 : 0;
  const isMasked = second >= 0x80;
  const headLength = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (bytes.length < headLength) return headLength;
  const payloadLength =
    lengthBytes === 2
      ? bytes.readUInt16BE(2)
      : lengthBytes === 8
        ? Number(bytes.readBigUInt64BE(2))
        : shortLength;
  const length = headLength + payloadLength;
  if (bytes.length < length) return length;
  const payload = Buffer.from(bytes.subarray(headLength, length));
  if (isMasked) {
    const mask = bytes.subarray(headLength - 4, headLength);
    for (const [index, byte] of payload.entries()) payload[index] = byte ^ (mask[index % 4] ?? 0);
  }
  return { isFinal: first >= 0x80, opcode: first & 0x0f, payload, length };
}
