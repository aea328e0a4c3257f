import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

/** Start of a message that is looked at: a reply's id and a notification's method are in it. */
const headBytes = 512;

/** What follows base64 text at the end of a notification of output and of a file's content. */
const closing = '"}}';
const tailBytes = closing.length + 2;

const base64Members = [Buffer.from('"chunk":"'), Buffer.from('"dataBase64":"')];

/** What the reference server takes in one frame. */
const maxFrameBytes = 16 * 1024 * 1024;

/** Bits of a frame's first byte. */
const FINAL = 0x80;
const TEXT = 0x01;
const CONTINUATION = 0x00;

/**
 * A client that only drains its socket: it steps from frame to frame and counts the bytes that their
 * base64 stands for, so that what is measured is the server and not JSON.parse. What it sends is made
 * before, with a mask of zeros.
 */
export class SinkClient {
  /** A frame's head that has not come whole. */
  private partial: Buffer = Buffer.alloc(0);
  private remaining = 0;
  private isFinal = true;
  private message = emptyMessage();
  private readonly waiting = new Set<{ readonly text: string; readonly found: () => void }>();
  /** Bytes of output and of file content in the messages so far. */
  contentBytes = 0;
  /** Messages that have come whole. */
  messages = 0;
  /** Runs when a read from the socket has brought at least one message. */
  onMessages: () => void = () => undefined;

  private constructor(private readonly socket: Socket) {}

  static async connect(url: string): Promise<SinkClient> {
    const { hostname, port, pathname, search } = new URL(url);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.setNoDelay(true);
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\n` +
        `Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
    const client = new SinkClient(socket);
    await client.upgraded();
    const initialize = '{"id":1,"method":"initialize","params":{"clientName":"sink"}}';
    await client.request(framesOf(initialize), '"id":1');
    client.send(framesOf('{"method":"initialized","params":{}}'));
    return client;
  }

  /** Sends a message and waits for one that begins with `answer` in it. */
  async request(frames: Buffer, answer: string): Promise<void> {
    const answered = this.waitFor(answer);
    this.send(frames);
    await answered;
  }

  send(frames: Buffer): void {
    this.socket.write(frames);
  }

  /** Resolves when a message has come whole that holds `text` at its beginning. */
  waitFor(text: string): Promise<void> {
    return new Promise((found) => {
      this.waiting.add({ text, found });
    });
  }

  setPaused(paused: boolean): void {
    if (paused) this.socket.pause();
    else this.socket.resume();
  }

  async close(): Promise<void> {
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }

  private async upgraded(): Promise<void> {
    let text = Buffer.alloc(0);
    for (;;) {
      const [part] = (await once(this.socket, 'data')) as [Buffer];
      text = Buffer.concat([text, part]);
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) continue;
      if (!text.toString('latin1').startsWith('HTTP/1.1 101')) throw new Error('Upgrade refused');
      this.socket.on('data', (data: Buffer) => {
        this.receive(data);
      });
      this.receive(text.subarray(end + 4));
      return;
    }
  }

  private receive(data: Buffer): void {
    const before = this.messages;
    this.step(data);
    if (this.messages > before) this.onMessages();
  }

  private step(data: Buffer): void {
    let at = 0;
    while (at < data.length) {
      if (this.remaining > 0) {
        const part = data.subarray(at, at + this.remaining);
        this.takePayload(part);
        at += part.length;
        continue;
      }
      const known = this.partial.length;
      const bytes =
        known === 0 ? data.subarray(at) : Buffer.concat([this.partial, data.subarray(at)]);
      const frame = readFrameHead(bytes);
      if (frame === undefined) {
        this.partial = Buffer.from(bytes);
        return;
      }
      this.partial = Buffer.alloc(0);
      at += frame.start - known;
      this.isFinal = frame.isFinal;
      this.remaining = frame.length;
      if (frame.length === 0) this.endFrame();
    }
  }

  private takePayload(part: Buffer): void {
    const { message } = this;
    message.length += part.length;
    if (message.head.length < headBytes) {
      const missing = headBytes - message.head.length;
      message.head = Buffer.concat([message.head, part.subarray(0, missing)]);
    }
    const end = part.length < tailBytes ? Buffer.concat([message.tail, part]) : part;
    message.tail = Buffer.from(end.subarray(-tailBytes));
    this.remaining -= part.length;
    if (this.remaining === 0) this.endFrame();
  }

  private endFrame(): void {
    if (!this.isFinal) return;
    const { message } = this;
    this.messages += 1;
    this.message = emptyMessage();
    this.contentBytes += contentBytesOf(message);
    for (const waiter of this.waiting) {
      if (!message.head.includes(waiter.text)) continue;
      this.waiting.delete(waiter);
      waiter.found();
    }
  }
}

/** A message as far as it is looked at. */
interface SeenMessage {
  head: Buffer;
  tail: Buffer;
  length: number;
}

function emptyMessage(): SeenMessage {
  return { head: Buffer.alloc(0), tail: Buffer.alloc(0), length: 0 };
}

function contentBytesOf({ head, tail, length }: SeenMessage): number {
  for (const member of base64Members) {
    const at = head.indexOf(member);
    if (at < 0) continue;
    const characters = length - at - member.length - closing.length;
    const end = tail.length - closing.length;
    const padding = tail[end - 2] === 0x3d ? 2 : tail[end - 1] === 0x3d ? 1 : 0;
    return (characters / 4) * 3 - padding;
  }
  return 0;
}

/** A message as it goes over the wire, in frames that the reference server takes. */
export function framesOf(text: string): Buffer {
  const payload = Buffer.from(text);
  const parts: Buffer[] = [];
  for (let start = 0; start < payload.length; start += maxFrameBytes) {
    const piece = payload.subarray(start, start + maxFrameBytes);
    const isLast = start + maxFrameBytes >= payload.length;
    parts.push(frameHead(start === 0 ? TEXT : CONTINUATION, isLast, piece.length), piece);
  }
  return Buffer.concat(parts);
}

/** Ends with the mask, whose zeros leave the payload as it is. */
function frameHead(kind: number, isLast: boolean, length: number): Buffer {
  const head = Buffer.alloc(14);
  head[0] = kind | (isLast ? FINAL : 0);
  if (length < 126) {
    head[1] = 0x80 | length;
    return head.subarray(0, 6);
  }
  if (length < 0x1_0000) {
    head[1] = 0x80 | 126;
    head.writeUInt16BE(length, 2);
    return head.subarray(0, 8);
  }
  head[1] = 0x80 | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return head;
}

function readFrameHead(
  bytes: Buffer,
): { readonly start: number; readonly length: number; readonly isFinal: boolean } | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const isFinal = (first & FINAL) !== 0;
  const short = second & 0x7f;
  if (short < 126) return { start: 2, length: short, isFinal };
  if (short === 126) {
    if (bytes.length < 4) return undefined;
    return { start: 4, length: bytes.readUInt16BE(2), isFinal };
  }
  if (bytes.length < 10) return undefined;
  return { start: 10, length: Number(bytes.readBigUInt64BE(2)), isFinal };
}
