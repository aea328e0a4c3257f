import { Deferred } from '../../base/deferred';

/** Counts the bytes queued for a program and makes writers wait while there are too many. */
export class InputBudget {
  private queuedBytes = 0;
  private released = false;
  private waiting: Deferred<void> | undefined;

  constructor(private readonly maxQueuedBytes: number) {}

  /** Counts bytes in; resolves when more may follow. */
  async take(bytes: number): Promise<void> {
    this.queuedBytes += bytes;
    while (!this.released && this.queuedBytes >= this.maxQueuedBytes) {
      this.waiting ??= new Deferred<void>();
      await this.waiting.promise;
    }
  }

  /** Counts bytes out that the program's end took. */
  give(bytes: number): void {
    this.queuedBytes -= bytes;
    if (this.queuedBytes < this.maxQueuedBytes) this.wake();
  }

  /** Nobody reads any more: lets every writer go, now and later. */
  release(): void {
    this.released = true;
    this.wake();
  }

  private wake(): void {
    const waiting = this.waiting;
    this.waiting = undefined;
    waiting?.resolve();
  }
}
