import { Deferred } from '../../base/deferred';
import { ExecServerError } from '../../base/errors';
import type { Disposable } from '../../base/lifecycle';
import type { ReaderSessionOptions } from './readerSession';
import { ReaderSession } from './readerSession';
import type { RemotePeer } from './remotePeer';

export interface ReaderSessionsOptions extends Omit<ReaderSessionOptions, 'peer' | 'onDidEnd'> {
  /** Opens a session on the remote. */
  readonly open: () => Promise<RemotePeer>;
}

/** The sessions of readers on one remote, opened on first use. */
export class ReaderSessions implements Disposable {
  /** By reader; one that is being opened is shared by all who wait for it. */
  private readonly opening = new Map<string, Promise<ReaderSession>>();
  private readonly open = new Map<string, ReaderSession>();
  private readonly whenGone = new Deferred<void>();
  private isRetired = false;

  constructor(private readonly options: ReaderSessionsOptions) {}

  /**
   * The session of a reader, with its use, which the caller ends.
   *
   * @throws whatever `open` throws; ExecServerError `connectionClosed`.
   */
  async use(
    readerId: string,
  ): Promise<{ readonly session: ReaderSession; readonly use: Disposable }> {
    const session = await this.sessionOf(readerId);
    if (session.isOver) {
      throw new ExecServerError(
        'connectionClosed',
        'the session there ended as soon as it had begun',
      );
    }
    return { session, use: session.use() };
  }

  /** Opens nothing any more; resolves when the last session that is used has been let go of. */
  async retire(): Promise<void> {
    this.isRetired = true;
    for (const session of [...this.open.values()]) session.retire();
    this.noteGone();
    await this.whenGone.promise;
  }

  /** Cuts every connection. */
  dispose(): void {
    this.isRetired = true;
    for (const session of [...this.open.values()]) session.dispose();
    this.noteGone();
  }

  private sessionOf(readerId: string): Promise<ReaderSession> | ReaderSession {
    const session = this.open.get(readerId);
    if (session !== undefined && !session.isOver) return session;
    const opening = this.opening.get(readerId) ?? this.openFor(readerId);
    this.opening.set(readerId, opening);
    return opening;
  }

  private async openFor(readerId: string): Promise<ReaderSession> {
    try {
      const { clock, limits, logger, open } = this.options;
      const peer = await open();
      const session = new ReaderSession({
        peer,
        limits,
        clock,
        logger,
        onDidEnd: () => {
          if (this.open.get(readerId) === session) this.open.delete(readerId);
          this.noteGone();
        },
      });
      this.open.set(readerId, session);
      if (this.isRetired) session.dispose();
      return session;
    } finally {
      this.opening.delete(readerId);
      this.noteGone();
    }
  }

  private noteGone(): void {
    if (this.isRetired && this.open.size === 0 && this.opening.size === 0) this.whenGone.resolve();
  }
}
