import type { Clock } from '../../base/clock';
import { toError } from '../../base/errors';
import type { Disposable } from '../../base/lifecycle';
import { MutableDisposable, toDisposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { Logger } from '../../base/logger';
import type { RemotePeer } from './remotePeer';

export interface ReaderSessionOptions {
  readonly peer: RemotePeer;
  readonly limits: Pick<Limits, 'remoteReaderIdleMs'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** It is of no use any more. */
  readonly onDidEnd: () => void;
}

/**
 * A session on the remote for the processes of one reader. The wire has no flow control for a single
 * process: who does not take output stops reading the connection, and with it all that comes on it. So
 * each reader has a connection of its own, and one that is slow slows only what it reads itself.
 */
export class ReaderSession implements Disposable {
  private readonly idleTimer = new MutableDisposable<Disposable>();
  private readonly endSubscription: Disposable;
  private readonly pausedBy = new Set<object>();
  private users = 0;
  private keepsIdle = true;
  private over = false;

  readonly peer: RemotePeer;

  constructor(private readonly options: ReaderSessionOptions) {
    this.peer = options.peer;
    this.endSubscription = this.peer.client.onDidChangeState(({ kind }) => {
      if (kind === 'ended') this.dispose();
    });
  }

  get isOver(): boolean {
    return this.over || this.peer.client.state.kind === 'ended';
  }

  /** Keeps the session until the result is disposed. */
  use(): Disposable {
    this.users += 1;
    this.idleTimer.value = undefined;
    return toDisposable(() => {
      this.users -= 1;
      this.letGoWhenIdle();
    });
  }

  /** Takes nothing from the connection while anybody wants it paused. */
  setPaused(process: object, paused: boolean): void {
    if (paused) this.pausedBy.add(process);
    else this.pausedBy.delete(process);
    if (!this.isOver) this.peer.client.setReceivingPaused(this.pausedBy.size > 0);
  }

  /** Lets go of the session as soon as nothing uses it. */
  retire(): void {
    this.keepsIdle = false;
    this.letGoWhenIdle();
  }

  /** Cuts the connection. */
  dispose(): void {
    if (this.end()) this.peer.dispose();
  }

  private letGoWhenIdle(): void {
    if (this.users > 0 || this.over) return;
    const { clock, limits } = this.options;
    if (!this.keepsIdle) this.close();
    else {
      this.idleTimer.value = clock.schedule(() => {
        this.close();
      }, limits.remoteReaderIdleMs);
    }
  }

  private close(): void {
    if (!this.end()) return;
    const { logger } = this.options;
    this.peer.client
      .close()
      .catch((error: unknown) => {
        logger.warn('a session on a remote did not close', { reason: toError(error).message });
      })
      .finally(() => {
        this.peer.dispose();
      });
  }

  private end(): boolean {
    if (this.over) return false;
    this.over = true;
    this.idleTimer.dispose();
    this.endSubscription.dispose();
    this.options.onDidEnd();
    return true;
  }
}
