import type { Writable } from 'node:stream';
import { errnoCodeOf } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { InputBudget } from './inputBudget';
import type { InputStatus } from './runningProgram';

export interface PipeInputContext {
  readonly maxQueuedStdinBytes: number;
  readonly logger: Logger;
}

/** The writing end of a program's stdin. */
export class PipeInput {
  private readonly budget: InputBudget;
  private closed = false;

  constructor(
    private readonly stream: Writable,
    { maxQueuedStdinBytes, logger }: PipeInputContext,
  ) {
    this.budget = new InputBudget(maxQueuedStdinBytes);
    stream.on('error', (error) => {
      this.budget.release();
      // The program closed its stdin or ended: what is written from here on goes nowhere, which is the
      // program's choice and no failure of the writer.
      if (errnoCodeOf(error) === 'EPIPE' || errnoCodeOf(error) === 'ECONNRESET') return;
      logger.warn('Input of a program was lost', { reason: error.message });
    });
    stream.on('close', () => this.budget.release());
  }

  async write(chunk: Buffer): Promise<InputStatus> {
    if (this.closed) return 'stdinClosed';
    if (this.stream.destroyed || chunk.length === 0) return 'accepted';
    this.stream.write(chunk, () => this.budget.give(chunk.length));
    await this.budget.take(chunk.length);
    return 'accepted';
  }

  /** Ends the input after what is queued. */
  close(): InputStatus {
    if (this.closed) return 'stdinClosed';
    this.closed = true;
    this.stream.end();
    return 'accepted';
  }

  /** Lets go at once; what is queued is lost. */
  dispose(): void {
    this.stream.destroy();
    this.budget.release();
  }
}
