import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { FrameWriter, SlabPool } from '../../../src/rpc/frameWriter';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A socket that takes what it gets at once, or only when told to. */
class TestSocket extends Duplex {
  /** One entry for each write, as the bytes were when they were taken. */
  readonly writes: Buffer[] = [];
  private readonly untaken: ((failure?: Error) => void)[] = [];

  constructor(public takesAtOnce = true) {
    super();
  }

  override _read(): void {
    // Nothing ever comes.
  }

  override _write(chunk: Buffer, _encoding: string, done: (failure?: Error) => void): void {
    const take = (failure?: Error): void => {
      if (failure === undefined) this.writes.push(Buffer.from(chunk));
      done(failure);
    };
    if (this.takesAtOnce) take();
    else this.untaken.push(take);
  }

  /** Takes what is there and whatever comes from now on. */
  takeAll(): void {
    this.takesAtOnce = true;
    for (const take of this.untaken.splice(0)) take();
  }

  /** Fails the way a connection does that the other end has cut. */
  fail(): void {
    this.on('error', () => undefined);
    for (const take of this.untaken.splice(0)) take(new Error('ECONNRESET'));
  }
}

function writerOn(socket: TestSocket): { writer: FrameWriter; state: { open: boolean } } {
  const state = { open: true };
  const pool = new SlabPool();
  const writer = new FrameWriter(
    socket,
    pool,
    () => state.open,
    () => undefined,
  );
  return { writer, state };
}

/** The messages in unmasked text frames and their continuations, which fill the bytes exactly. */
function payloadsOf(bytes: Buffer): string[] {
  const payloads: string[] = [];
  let open: string | undefined;
  for (let at = 0; at < bytes.length;) {
    const kind = bytes.readUInt8(at);
    expect(kind & 0x7f).toBe(open === undefined ? 0x01 : 0x00);
    const short = bytes.readUInt8(at + 1);
    const [start, length] =
      short < 126
        ? [at + 2, short]
        : short === 126
          ? [at + 4, bytes.readUInt16BE(at + 2)]
          : [at + 10, Number(bytes.readBigUInt64BE(at + 2))];
    open = (open ?? '') + bytes.toString('utf8', start, start + length);
    if ((kind & 0x80) !== 0) {
      payloads.push(open);
      open = undefined;
    }
    at = start + length;
    expect(at).toBeLessThanOrEqual(bytes.length);
  }
  expect(open).toBeUndefined();
  return payloads;
}

describe('messages on a socket', () => {
  it.each([0, 1, 125, 126, 65_535, 65_536, 131_052, 131_053, 131_072, 1_000_000])(
    'are one frame each at a length of %d',
    async (length) => {
      const socket = new TestSocket();
      const { writer } = writerOn(socket);
      const text = 'x'.repeat(length);
      expect(writer.write(text)).toBe(length);
      writer.write('{}');
      await nextTurn();
      expect(payloadsOf(Buffer.concat(socket.writes))).toEqual([text, '{}']);
    },
  );

  it('are counted and written in UTF-8', async () => {
    const socket = new TestSocket();
    const { writer } = writerOn(socket);
    const text = 'é€😀'.repeat(50);
    expect(writer.write(text)).toBe(450);
    await nextTurn();
    expect(payloadsOf(Buffer.concat(socket.writes))).toEqual([text]);
  });

  it('write themselves where they can', async () => {
    const socket = new TestSocket();
    const { writer } = writerOn(socket);
    const message = {
      byteLength: 200,
      writeTo: (target: Buffer, offset: number) => offset + target.write('y'.repeat(200), offset),
    };
    expect(writer.write(message)).toBe(200);
    await nextTurn();
    expect(payloadsOf(Buffer.concat(socket.writes))).toEqual(['y'.repeat(200)]);
  });

  it('leave together when they are made in one turn', async () => {
    const socket = new TestSocket();
    const { writer } = writerOn(socket);
    writer.write('a');
    writer.write('b');
    expect([writer.queuedBytes, socket.writes.length]).toEqual([6, 0]);
    await nextTurn();
    writer.write('c');
    await nextTurn();
    expect(socket.writes.map(payloadsOf)).toEqual([['a', 'b'], ['c']]);
  });

  it('of several sockets do not mix', async () => {
    const pool = new SlabPool();
    const sockets = [new TestSocket(), new TestSocket(), new TestSocket()];
    const writers = sockets.map(
      (socket) =>
        new FrameWriter(
          socket,
          pool,
          () => true,
          () => undefined,
        ),
    );
    for (let round = 0; round < 3; round += 1) {
      writers.forEach((writer, index) => writer.write(`${index}-${round}`));
      await nextTurn();
    }
    expect(sockets.map((socket) => socket.writes.flatMap(payloadsOf))).toEqual([
      ['0-0', '0-1', '0-2'],
      ['1-0', '1-1', '1-2'],
      ['2-0', '2-1', '2-2'],
    ]);
  });

  it('stay what they were while the socket is behind', async () => {
    const socket = new TestSocket(false);
    const { writer } = writerOn(socket);
    for (let round = 0; round < 4; round += 1) {
      writer.write(`message ${round}`);
      await nextTurn();
    }
    expect(writer.queuedBytes).toBe(4 * (2 + 'message 0'.length));
    socket.takeAll();
    await nextTurn();
    writer.write('last');
    await nextTurn();
    expect(socket.writes.flatMap(payloadsOf)).toEqual([
      'message 0',
      'message 1',
      'message 2',
      'message 3',
      'last',
    ]);
    expect(writer.queuedBytes).toBe(0);
  });

  it('are dropped once data frames may not be sent any more', async () => {
    const socket = new TestSocket();
    const { writer, state } = writerOn(socket);
    writer.write('a');
    state.open = false;
    await nextTurn();
    expect(socket.writes).toEqual([]);
  });

  describe('too large to be made at once', () => {
    const pieceBytes = 400_000;

    function largeMessage(pieceCount: number) {
      const made: number[] = [];
      const message = {
        byteLength: pieceCount * pieceBytes,
        writeTo: (): number => {
          throw new Error('It was made at once');
        },
        *pieces() {
          for (let index = 0; index < pieceCount; index += 1) {
            made.push(index);
            yield Buffer.alloc(pieceBytes, String(index % 10));
          }
        },
      };
      const text = Array.from({ length: pieceCount }, (_, index) =>
        String(index % 10).repeat(pieceBytes),
      ).join('');
      return { message, made, text };
    }

    it('leave in parts, and what is said meanwhile comes behind them', async () => {
      const socket = new TestSocket(false);
      const { writer } = writerOn(socket);
      const { message, made, text } = largeMessage(12);
      writer.write('before');
      expect(writer.write(message)).toBe(12 * pieceBytes);
      writer.write('behind');
      expect(made.length).toBeLessThan(6);
      expect(writer.queuedBytes).toBeGreaterThanOrEqual(12 * pieceBytes);
      const second = largeMessage(2);
      writer.write(second.message);
      writer.write('last');
      socket.takeAll();
      await nextTurn();
      const messages = payloadsOf(Buffer.concat(socket.writes));
      expect(messages.map((received) => received.length)).toEqual([
        6,
        text.length,
        6,
        second.text.length,
        4,
      ]);
      expect(messages).toEqual(['before', text, 'behind', second.text, 'last']);
      expect(writer.queuedBytes).toBe(0);
    });

    it('are given up where they are when data frames may not be sent any more', async () => {
      const socket = new TestSocket(false);
      const { writer, state } = writerOn(socket);
      const { message, made } = largeMessage(12);
      writer.write(message);
      writer.write('behind');
      const madeBefore = made.length;
      state.open = false;
      socket.takeAll();
      await nextTurn();
      expect(made.length).toBe(madeBefore);
    });

    it('are given up when the socket fails, before anybody has said so', async () => {
      const socket = new TestSocket(false);
      const { writer } = writerOn(socket);
      const { message, made } = largeMessage(12);
      writer.write(message);
      const madeBefore = made.length;
      socket.fail();
      await nextTurn();
      expect(made.length).toBeLessThanOrEqual(madeBefore + 1);
    });
  });
});
