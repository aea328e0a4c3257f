import { writeSync } from 'node:fs';
import type { Clock } from '../../base/clock';
import { errnoCodeOf } from '../../base/errors';
import type { Disposable } from '../../base/lifecycle';
import type { Logger } from '../../base/logger';
import { Deque } from '../deque';
import { InputBudget } from './inputBudget';
import type { InputStatus } from './runningProgram';

/** What a terminal's line editing takes for the end of the input (Ctrl-D). */
const endOfFileByte = 4;

/** Most that is written before other work gets its turn. */
const maxBytesPerTurn = 64 * 1024;

/** Pauses before a full terminal is tried again: short while the program reads, long when it does not. */
const firstRetryMs = 1;
const longestRetryMs = 50;

/**
 * Input of a terminal. Written synchronously, because the descriptor never blocks and no write may be
 * under way on another thread when the descriptor is closed and its number given to something else.
 * Nothing tells when a full terminal has room again, so it is tried with growing pauses.
 */
export class PtyInput {
  private readonly budget: InputBudget;
  private readonly queue = new Deque<Buffer>();
  private offset = 0;
  private retry: Disposable | undefined;
  private retryMs = firstRetryMs;
  private closed = false;
  private disposed = false;

  constructor(
    private readonly fd: number,
    private readonly clock: Clock,
    private readonly context: { readonly maxQueuedStdinBytes: number; readonly logger: Logger },
  ) {
    this.budget = new InputBudget(context.maxQueuedStdinBytes);
  }

  async write(chunk: Buffer): Promise<InputStatus> {
    if (this.closed) return 'stdinClosed';
    await this.enqueue(chunk);
    return 'accepted';
  }

  async close(): Promise<InputStatus> {
    if (this.closed) return 'stdinClosed';
    this.closed = true;
    await this.enqueue(Buffer.of(endOfFileByte));
    return 'accepted';
  }

  /** Must come before the descriptor is closed; what is queued is lost. */
  dispose(): void {
    this.disposed = true;
    this.retry?.dispose();
    this.queue.clear();
    this.budget.release();
  }

  private enqueue(chunk: Buffer): Promise<void> {
    if (this.disposed || chunk.length === 0) return Promise.resolve();
    const room = this.budget.take(chunk.length);
    this.queue.push(chunk);
    if (this.retry === undefined) this.flush();
    return room;
  }

  private flush(): void {
    this.retry = undefined;
    let bytesThisTurn = 0;
    for (let chunk = this.queue.at(0); chunk !== undefined; chunk = this.queue.at(0)) {
      if (bytesThisTurn >= maxBytesPerTurn) {
        this.retryIn(0);
        return;
      }
      const length = Math.min(chunk.length - this.offset, maxBytesPerTurn);
      const written = this.tryWrite(chunk, length);
      if (written === 'gone') {
        this.dispose();
        return;
      }
      if (written === 0) {
        this.retryIn(this.retryMs);
        this.retryMs = Math.min(this.retryMs * 2, longestRetryMs);
        return;
      }
      this.retryMs = firstRetryMs;
      bytesThisTurn += written;
      this.advance(chunk, written);
    }
  }

  private advance(chunk: Buffer, written: number): void {
    this.offset += written;
    if (this.offset === chunk.length) {
      this.queue.shift();
      this.offset = 0;
    }
    this.budget.give(written);
  }

  private tryWrite(chunk: Buffer, length: number): number | 'gone' {
    try {
      return writeSync(this.fd, chunk, this.offset, length);
    } catch (error) {
      const code = errnoCodeOf(error);
      if (code === 'EAGAIN') return 0;
      // EIO: the program has closed its terminal. Nobody will read what is queued.
      if (code !== 'EIO')
        this.context.logger.warn('Input of a terminal was lost', { reason: code });
      return 'gone';
    }
  }

  private retryIn(delayMs: number): void {
    this.retry = this.clock.schedule(() => this.flush(), delayMs);
  }
}
