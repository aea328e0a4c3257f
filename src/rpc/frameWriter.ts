import type { Duplex } from 'node:stream';
import type { EncodedMessage, OutgoingMessage } from '../protocol/outgoingMessage';
import { bytesOfMessage } from '../protocol/outgoingMessage';

/*
 * A WebSocket frame from a server, which is never masked (RFC 6455, 5.2):
 *
 *   kind │ length < 126                     │ payload
 *   kind │ 126 │ length, 2 bytes            │ payload
 *   kind │ 127 │ length, 8 bytes            │ payload
 *
 * A message is one final text or binary frame, or, when it is too large to be made at once, a text frame that is
 * not final and continuations up to a final one. Between those the library may put pings and the like.
 */
const FINAL = 0x80;
const TEXT = 0x01;
const BINARY = 0x02;
const CONTINUATION = 0x00;
const MAX_HEAD_BYTES = 10;

/**
 * Memory in which the frames of one turn of the event loop are put together: room for one piece of bulk
 * output (64 KiB, a third more as base64) and some small messages.
 */
const SLAB_BYTES = 128 * 1024;

/** Of a large message no more is made than the socket is this much behind: what it takes in one go. */
const AHEAD_BYTES = 1024 * 1024;

/** Slabs kept for the next turn. One is enough for everybody, unless a socket keeps one. */
const MAX_IDLE_SLABS = 2;

/** Lends out slabs, so that an idle connection holds none and a busy one makes none. */
export class SlabPool {
  private readonly idle: Buffer[] = [];

  take(): Buffer {
    return this.idle.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
  }

  give(slab: Buffer): void {
    if (this.idle.length < MAX_IDLE_SLABS) this.idle.push(slab);
  }
}

/**
 * Writes messages onto the socket of an upgraded connection, all those of one turn of the event loop in
 * one system call: a call costs more than a small message does. A lone message leaves at the end of the
 * very turn that made it, so it never waits.
 */
export class FrameWriter {
  private slab: Buffer | undefined;
  private filled = 0;
  private large: LargeMessage | undefined;
  /** What is said while a large message is leaving. */
  private readonly waiting: OutgoingMessage[] = [];
  private waitingBytes = 0;

  /**
   * @param canWrite whether data frames may still be sent; a close frame is the last one.
   * @param onProgress runs when the system has taken what was handed to it.
   */
  constructor(
    private readonly socket: Duplex,
    private readonly pool: SlabPool,
    private readonly canWrite: () => boolean,
    private readonly onProgress: () => void,
  ) {}

  /** Bytes that have not reached the system yet. */
  get queuedBytes(): number {
    const { socket, filled, large, waitingBytes } = this;
    return socket.writableLength + filled + (large?.remaining ?? 0) + waitingBytes;
  }

  /** @returns the bytes of the message. */
  write(message: OutgoingMessage): number {
    const length = byteLengthOf(message);
    if (this.large === undefined) this.begin(message, length);
    else {
      // What makes the message may not last, so it is made now.
      this.waiting.push(typeof message === 'string' ? message : madeMessage(message));
      this.waitingBytes += length;
    }
    return length;
  }

  private begin(message: OutgoingMessage, length: number): void {
    const size = MAX_HEAD_BYTES + length;
    if (this.filled + size > SLAB_BYTES) this.flush();
    if (size <= SLAB_BYTES) {
      if (this.slab === undefined) {
        this.slab = this.pool.take();
        process.nextTick(this.flush);
      }
      this.filled = writeFrame(this.slab, this.filled, message, length);
    } else if (typeof message !== 'string' && message.pieces !== undefined) {
      this.large = new LargeMessage(message.pieces(), length);
      this.writeOn();
    } else {
      const frame = Buffer.allocUnsafeSlow(size);
      this.hand(frame.subarray(0, writeFrame(frame, 0, message, length)));
    }
  }

  /** Makes as much of a large message as the socket takes, and then goes on with what came meanwhile. */
  private writeOn(): void {
    while (this.large !== undefined) {
      if (this.socket.writableLength > AHEAD_BYTES) return;
      const { head, piece, isLast } = this.large.next();
      this.socket.cork();
      this.hand(head);
      this.hand(piece);
      this.socket.uncork();
      if (!isLast) continue;
      this.large = undefined;
      this.writeWaiting();
    }
  }

  private writeWaiting(): void {
    while (this.large === undefined) {
      const message = this.waiting.shift();
      if (message === undefined) return;
      const length = byteLengthOf(message);
      this.waitingBytes -= length;
      this.begin(message, length);
    }
  }

  /** Hands over what this turn has gathered; before anything else is written onto the same socket. */
  readonly flush = (): void => {
    const { slab, filled } = this;
    if (slab === undefined) return;
    this.slab = undefined;
    this.filled = 0;
    if (this.socket.writableLength > 0) {
      // The socket is behind and keeps what it gets. It shall keep no more than was said.
      this.hand(Buffer.from(slab.subarray(0, filled)));
    } else {
      this.hand(slab.subarray(0, filled));
      if (this.socket.writableLength > 0) return;
    }
    this.pool.give(slab);
  };

  private hand(bytes: Buffer): void {
    // One that failed calls back for every write it kept, and would keep all that is written then.
    if (this.canWrite() && this.socket.writable) this.socket.write(bytes, this.progress);
    else this.forget();
  }

  private readonly progress = (): void => {
    if (this.large !== undefined && this.canWrite()) this.writeOn();
    this.onProgress();
  };

  private forget(): void {
    this.large = undefined;
    this.waiting.length = 0;
    this.waitingBytes = 0;
  }
}

/** A message on its way, one frame for each of its pieces. */
class LargeMessage {
  private kind = TEXT;
  private ahead: IteratorResult<Buffer>;

  /** @param remaining bytes of the message that have not been made. */
  constructor(
    private readonly pieces: Iterator<Buffer>,
    public remaining: number,
  ) {
    this.ahead = pieces.next();
  }

  next(): { readonly head: Buffer; readonly piece: Buffer; readonly isLast: boolean } {
    const piece = this.ahead.done === true ? Buffer.alloc(0) : this.ahead.value;
    this.ahead = this.pieces.next();
    const isLast = this.ahead.done === true;
    const head = Buffer.allocUnsafe(MAX_HEAD_BYTES);
    const end = writeHead(head, 0, this.kind | (isLast ? FINAL : 0), piece.length);
    this.kind = CONTINUATION;
    this.remaining -= piece.length;
    return { head: head.subarray(0, end), piece, isLast };
  }
}

function madeMessage(message: EncodedMessage): EncodedMessage {
  // One that is given piece by piece holds its own content, and is large.
  if (message.pieces !== undefined) return message;
  const bytes = bytesOfMessage(message);
  return {
    ...(message.isBinary === true && { isBinary: true }),
    byteLength: bytes.length,
    writeTo: (target, offset) => offset + bytes.copy(target, offset),
  };
}

function byteLengthOf(message: OutgoingMessage): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength;
}

function writeFrame(
  target: Buffer,
  offset: number,
  message: OutgoingMessage,
  length: number,
): number {
  if (typeof message !== 'string') {
    const kind = message.isBinary === true ? BINARY : TEXT;
    return message.writeTo(target, writeHead(target, offset, FINAL | kind, length));
  }
  const start = writeHead(target, offset, FINAL | TEXT, length);
  // As many bytes as characters: plain ASCII, which needs no encoder.
  return start + target.write(message, start, message.length === length ? 'latin1' : 'utf8');
}

function writeHead(target: Buffer, offset: number, kind: number, length: number): number {
  target[offset] = kind;
  if (length < 126) return target.writeUInt8(length, offset + 1);
  if (length < 0x1_0000) {
    target[offset + 1] = 126;
    return target.writeUInt16BE(length, offset + 2);
  }
  target[offset + 1] = 127;
  return target.writeBigUInt64BE(BigInt(length), offset + 2);
}
