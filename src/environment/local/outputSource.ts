import type { ConnectOpts, SocketConstructorOpts } from 'node:net';
import { Socket } from 'node:net';
import { ReadStream } from 'node:tty';
import type { Clock } from '../../base/clock';
import { MutableDisposable } from '../../base/lifecycle';

/** Room for one read: all that a pipe holds. */
const READ_BYTES = 64 * 1024;

/**
 * Most that one stream brings in per turn of the event loop. Left alone the loop reads a busy stream 32
 * times in a row, and everybody else waits for all that to be encoded and sent.
 */
const TURN_BYTES = 128 * 1024;

/**
 * Reads per interval that are passed on as they come, so that a lone key stroke or line never waits. A
 * program that says more is gathered for the rest of the interval: one message instead of hundreds.
 */
const EAGER_READS = 8;
const GATHER_INTERVAL_MS = 1;

/** A pipe whose reads are larger than this on average brings no lines: waiting would only hold it up. */
const LINE_READ_BYTES = 4096;

/** A terminal gives at most this at a time. */
const TERMINAL_READ_BYTES = 4096;

/** The memory all output is read into, one read at a time. */
export const allocateReadBuffer = (): Buffer => Buffer.allocUnsafeSlow(READ_BYTES);

export interface OutputSourceOptions {
  readonly fd: number;
  readonly kind: 'pipe' | 'terminal';
  /** Shared by all sources; see `allocateReadBuffer`. */
  readonly readBuffer: Buffer;
  readonly clock: Clock;
  /** What was read lies in memory that is used again, so it is valid during the call only. */
  readonly onData: (bytes: Buffer) => void;
  /** The other end was closed, or reading failed. Called once. */
  readonly onEnd: (failure?: Error) => void;
}

/**
 * Reads a program's output from a descriptor and owns it. What is not read stays in the kernel, where it
 * holds the program back. A fast program's small pieces are gathered: those of a pipe in the kernel, which
 * has room for them; those of a terminal here, because a terminal has room for one page only.
 */
export class OutputSource {
  private readonly stream: Socket;
  private paused = false;
  /** What is waited for before reading goes on. */
  private restsFor: 'turn' | 'interval' | undefined;
  private turnBytes = 0;
  private turn: NodeJS.Immediate | undefined;
  private intervalReads = 0;
  private intervalBytes = 0;
  private readonly interval = new MutableDisposable();
  private gathersHere = false;
  private readonly gathered = new GatheredOutput();
  /** Where the next read goes, as it was told; it cannot be changed in between. */
  private room: Buffer;
  private over = false;

  /** @throws when the system will not watch the descriptor, which then stays open. */
  constructor(private readonly options: OutputSourceOptions) {
    const { fd, kind, readBuffer } = options;
    this.room = readBuffer;
    // Node documents it for connecting sockets; every socket takes it.
    const reading: SocketConstructorOpts & ConnectOpts = {
      onread: { buffer: () => this.nextRoom(), callback: (bytes) => this.receive(bytes) },
    };
    this.stream =
      kind === 'pipe'
        ? new Socket({ fd, readable: true, writable: false, ...reading })
        : new ReadStream(fd, reading);
    const end = (): void => this.end();
    this.stream.on('end', end);
    this.stream.on('close', end);
    // The descriptor is closed by then, and its number may soon be somebody else's: told before 'close' is.
    this.stream.on('error', (failure) => this.end(failure));
    this.stream.resume();
  }

  get isPaused(): boolean {
    return this.paused;
  }

  setPaused(paused: boolean): void {
    if (this.paused === paused) return;
    this.paused = paused;
    if (paused) this.stream.pause();
    else if (this.restsFor === undefined) this.stream.resume();
  }

  /** Passes on what was gathered here; before anybody reads the descriptor directly. */
  flush(): void {
    const bytes = this.gathered.take();
    if (bytes.length > 0) this.options.onData(bytes);
  }

  /** Closes the descriptor. */
  destroy(): void {
    this.stopTimers();
    this.stream.destroy();
    this.gathered.free();
  }

  private nextRoom(): Buffer {
    if (this.gathersHere && this.gathered.isFull) this.flush();
    this.room = this.gathersHere ? this.gathered.room() : this.options.readBuffer;
    return this.room;
  }

  /** @returns false to stop reading. */
  private receive(bytes: number): boolean {
    const { readBuffer, onData, kind } = this.options;
    if (this.room === readBuffer) onData(readBuffer.subarray(0, bytes));
    else {
      this.gathered.add(bytes);
      if (!this.gathersHere) this.flush();
    }
    this.countRead(bytes);
    if (this.endsTurn(bytes)) this.restsFor = 'turn';
    else if (kind === 'terminal') this.gathersHere ||= this.intervalReads >= EAGER_READS;
    else if (this.comesInLines()) this.restsFor = 'interval';
    return this.restsFor === undefined && !this.paused;
  }

  private countRead(bytes: number): void {
    this.intervalReads += 1;
    this.intervalBytes += bytes;
    this.interval.value ??= this.options.clock.schedule(() => {
      this.endInterval();
    }, GATHER_INTERVAL_MS);
  }

  private endInterval(): void {
    this.interval.value = undefined;
    this.flush();
    if (this.intervalReads < EAGER_READS) this.gathersHere = false;
    this.intervalReads = 0;
    this.intervalBytes = 0;
    this.wakeFrom('interval');
  }

  private comesInLines(): boolean {
    const { intervalReads, intervalBytes } = this;
    return intervalReads >= EAGER_READS && intervalBytes < intervalReads * LINE_READ_BYTES;
  }

  private endsTurn(bytes: number): boolean {
    this.turn ??= setImmediate(() => {
      this.turn = undefined;
      this.turnBytes = 0;
      this.wakeFrom('turn');
    });
    this.turnBytes += bytes;
    return this.turnBytes >= TURN_BYTES;
  }

  private wakeFrom(rest: 'turn' | 'interval'): void {
    if (this.restsFor !== rest) return;
    this.restsFor = undefined;
    if (!this.paused) this.stream.resume();
  }

  private stopTimers(): void {
    this.interval.dispose();
    if (this.turn !== undefined) clearImmediate(this.turn);
  }

  private end(failure?: Error): void {
    if (this.over) return;
    this.over = true;
    this.stopTimers();
    this.flush();
    this.options.onEnd(failure);
  }
}

/** Output of several reads, put together where they were read to. */
class GatheredOutput {
  private memory: Buffer | undefined;
  private start = 0;
  private end = 0;

  get isFull(): boolean {
    return this.end > READ_BYTES - TERMINAL_READ_BYTES;
  }

  /** The place behind what there is, or the front once everything was taken and the end is near. */
  room(): Buffer {
    this.memory ??= allocateReadBuffer();
    if (this.isFull) this.start = this.end = 0;
    return this.memory.subarray(this.end);
  }

  /** Counts what was read into the room given last. */
  add(bytes: number): void {
    this.end += bytes;
  }

  /** Lets the memory go, once nothing will be read any more. */
  free(): void {
    this.memory = undefined;
  }

  /** What was added since the last time. */
  take(): Buffer {
    const bytes = this.memory?.subarray(this.start, this.end) ?? Buffer.alloc(0);
    this.start = this.end;
    return bytes;
  }
}
