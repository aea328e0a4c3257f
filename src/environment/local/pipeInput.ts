import type { Writable } from 'node:stream';
import { InputBudget } from './inputBudget';
import type { InputStatus } from './runningProgram';

/** The writing end of a program's stdin. */
export class PipeInput {
  private readonly budget: InputBudget;
  private closed = false;

  constructor(
    private readonly stream: Writable,
    limits: { readonly maxQueuedStdinBytes: number },
  ) {
    this.budget = new InputBudget(limits.maxQueuedStdinBytes);
    // The program closed its stdin or ended (EPIPE): what is written from here on goes nowhere, which
    // is the program's choice and no failure of the writer.
    stream.on('error', () => this.budget.release());
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
