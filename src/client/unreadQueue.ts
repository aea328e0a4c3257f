import { Deferred } from '../base/deferred';
import { ExecServerError } from '../base/errors';
import type { Limits } from '../base/limits';
import type { ReceivingPauses } from './receivingPauses';

/** What an item takes besides its bytes, about: many small ones must not pass as little. */
const ITEM_BYTES = 256;

interface Item<T> {
  readonly value: T;
  /** Of the value, and of what holds it. */
  readonly bytes: number;
}

export interface UnreadQueueOptions {
  /** What is read, for the error of a reader that is too slow. */
  readonly what: string;
  readonly limits: Pick<Limits, 'maxUnreadBytes' | 'maxUnreadBytesDuringCalls'>;
  readonly pauses: ReceivingPauses;
  /** The reader has gone away before the end. */
  readonly onAbandon: () => void;
}

/**
 * What has come and was not read yet, for one reader. When that is much, the connection is not read until
 * the reader has caught up; only calls under way keep it going, because their answers come the same way.
 */
export class UnreadQueue<T> implements AsyncIterable<T> {
  private items: Item<T>[] = [];
  private bytes = 0;
  private ending: { readonly error?: Error } | undefined;
  private waiting: Deferred<void> | undefined;

  constructor(private readonly options: UnreadQueueOptions) {}

  push(value: T, bytes: number): void {
    if (this.ending !== undefined) return;
    const item = { value, bytes: bytes + ITEM_BYTES };
    this.items.push(item);
    this.bytes += item.bytes;
    const { limits, pauses, what } = this.options;
    if (this.bytes > limits.maxUnreadBytesDuringCalls) {
      const behind = `its reader is more than ${limits.maxUnreadBytesDuringCalls} bytes behind`;
      this.abandon(new ExecServerError('readerTooSlow', `Failed to keep ${what}: ${behind}`));
      return;
    }
    if (this.bytes > limits.maxUnreadBytes) pauses.add(this);
    this.wake();
  }

  /** Nothing more comes; what has come can still be read, and then the error. */
  end(error?: Error): void {
    this.ending ??= error === undefined ? {} : { error };
    this.options.pauses.delete(this);
    this.wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    try {
      for (;;) {
        const item = this.items.shift();
        if (item !== undefined) {
          this.bytes -= item.bytes;
          if (this.bytes <= this.options.limits.maxUnreadBytes / 2)
            this.options.pauses.delete(this);
          yield item.value;
        } else if (this.ending === undefined) await this.arrival();
        else if (this.ending.error === undefined) return;
        else throw this.ending.error;
      }
    } finally {
      if (this.ending === undefined) this.abandon();
    }
  }

  private abandon(error?: Error): void {
    this.items = [];
    this.bytes = 0;
    this.end(error);
    this.options.onAbandon();
  }

  private arrival(): Promise<void> {
    this.waiting ??= new Deferred<void>();
    return this.waiting.promise;
  }

  private wake(): void {
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve();
  }
}
