import type { MessageTransport } from '../rpc/transport';

/** Decides whether the connection is read: whoever uses the client has the last word, then slow readers. */
export class ReceivingPauses {
  private readonly slowReaders = new Set<object>();
  private transport: MessageTransport | undefined;
  private pausedByUser = false;
  private applied = false;

  /** @param isBusy whether the answer to a call is waited for: it comes the same way. */
  constructor(private readonly isBusy: () => boolean) {}

  add(reader: object): void {
    this.slowReaders.add(reader);
    this.apply();
  }

  delete(reader: object): void {
    if (this.slowReaders.delete(reader)) this.apply();
  }

  setPausedByUser(paused: boolean): void {
    this.pausedByUser = paused;
    this.apply();
  }

  /** The connection that is read; `undefined` while there is none, and while one is made. */
  connect(transport: MessageTransport | undefined): void {
    this.transport = transport;
    this.applied = false;
    this.apply();
  }

  /** To be called when calls have begun or ended. */
  readonly apply = (): void => {
    const paused = this.pausedByUser || (this.slowReaders.size > 0 && !this.isBusy());
    if (this.transport === undefined || paused === this.applied) return;
    this.applied = paused;
    this.transport.setReceivingPaused(paused);
  };
}
