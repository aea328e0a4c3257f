import { v4 as uuidV4 } from 'uuid';
import type { Clock } from '../base/clock';
import { toError } from '../base/errors';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import type { Logger } from '../base/logger';
import {
  invalidRequest,
  limitReached,
  sessionAttachedElsewhere,
  unknownSession,
} from '../protocol/errorCodes';
import type { Attachment } from './attachment';
import { ClosedProcesses } from './closedProcesses';
import { Session } from './session';
import type { EndedBy } from './sessionProcess';

export interface SessionRegistryOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

interface Detachment {
  readonly deadlineMs: number;
  readonly timer: Disposable;
}

/** Owns the sessions by id and decides when one that lost its connection is over. */
export class SessionRegistry {
  private readonly sessions = new Map<string, Session>();
  private readonly detachments = new Map<Session, Detachment>();
  private readonly createEmitter = new Emitter<Session>();
  private readonly changeEmitter = new Emitter<Session>();
  private readonly endEmitter = new Emitter<Session>();
  private readonly closedProcesses: ClosedProcesses;
  private lastSerial = 0;
  private detachedTtlMs: number;

  readonly onDidCreate = this.createEmitter.event;
  /** A session was attached or detached. */
  readonly onDidChange = this.changeEmitter.event;
  /** A session is over and its processes are gone. */
  readonly onDidEnd = this.endEmitter.event;

  constructor(private readonly options: SessionRegistryOptions) {
    this.detachedTtlMs = options.limits.detachedSessionTtlMs;
    this.closedProcesses = new ClosedProcesses(options.limits, options.clock);
  }

  get all(): Iterable<Session> {
    return this.sessions.values();
  }

  /** Applies to sessions that are detached from then on. */
  setDetachedTtl(ttlMs: number): void {
    this.detachedTtlMs = ttlMs;
  }

  /** When a detached session expires, in ms since the epoch. */
  deadlineOf(session: Session): number | undefined {
    return this.detachments.get(session)?.deadlineMs;
  }

  /** @throws RpcError `limitReached` when there is no room and no idle detached session to make some. */
  create(clientName: string, attachment: Attachment): Session {
    const { clock, limits, logger } = this.options;
    if (this.sessions.size >= limits.maxSessions) this.makeRoom();
    const id = uuidV4();
    const session = new Session(id, clientName, {
      clock,
      limits,
      logger: logger.child(`session ${id.slice(0, 8)}`),
      nextSerial: () => (this.lastSerial += 1),
      openProcesses: () => this.openProcessCount,
      closedProcesses: this.closedProcesses,
    });
    this.sessions.set(id, session);
    session.attach(attachment);
    logger.info('session created', { session: id.slice(0, 8), client: clientName });
    this.createEmitter.fire(session);
    return session;
  }

  /**
   * Gives an existing session to another connection. One whose connection still answers is not taken
   * from it; one whose connection is silent is. At the deadline expiry wins over the resume.
   *
   * @throws RpcError `unknownSession` or `sessionAttachedElsewhere`.
   */
  async resume(id: string, attachment: Attachment): Promise<Session> {
    const session = this.requireLive(id);
    const holder = session.currentAttachment;
    if (holder !== undefined && (await holder.isAlive(this.options.limits.takeoverPingMs))) {
      throw sessionAttachedElsewhere(id);
    }
    // Who asked may be gone by now, and a session given to it would be lost to a client that comes again.
    if (!attachment.isOpen) throw invalidRequest('the connection has ended');
    // While the other connection was asked, the session may have expired or gone to a third one.
    this.requireLive(id);
    const present = session.currentAttachment;
    if (present !== undefined && present !== holder) throw sessionAttachedElsewhere(id);
    this.detachments.get(session)?.timer.dispose();
    this.detachments.delete(session);
    session.attach(attachment);
    this.options.logger.info('session resumed', { session: id.slice(0, 8) });
    this.changeEmitter.fire(session);
    return session;
  }

  /** A connection ended: its session, if it still has it, waits for another one until the deadline. */
  detach(session: Session, attachment: Attachment): void {
    if (!session.detach(attachment) || !this.sessions.has(session.id)) return;
    const ttlMs = this.detachedTtlMs;
    const deadlineMs = this.options.clock.now() + ttlMs;
    // The timer belongs to this detachment: a resume disposes it, so it cannot end a session in use.
    const timer = this.options.clock.schedule(() => {
      this.expire(session);
    }, ttlMs);
    this.detachments.set(session, { deadlineMs, timer });
    this.options.logger.info('session detached', { session: session.id.slice(0, 8), ttlMs });
    this.changeEmitter.fire(session);
  }

  /** Ends one session and everything it started. */
  async end(session: Session, by: EndedBy): Promise<void> {
    if (!this.sessions.delete(session.id)) return;
    this.detachments.get(session)?.timer.dispose();
    this.detachments.delete(session);
    await session.end(by, this.options.limits.terminateGraceMs);
    this.endEmitter.fire(session);
  }

  async endAll(by: EndedBy): Promise<void> {
    await Promise.all([...this.sessions.values()].map((session) => this.end(session, by)));
  }

  private get openProcessCount(): number {
    let open = 0;
    for (const session of this.sessions.values()) open += session.openProcessCount;
    return open;
  }

  private requireLive(id: string): Session {
    const session = this.sessions.get(id);
    if (session === undefined) throw unknownSession(id);
    const deadlineMs = this.deadlineOf(session);
    if (deadlineMs === undefined || this.options.clock.now() < deadlineMs) return session;
    this.expire(session);
    throw unknownSession(id);
  }

  /** Ends a session nobody waits for. */
  private expire(session: Session): void {
    this.end(session, 'sessionExpired').catch((error: unknown) => {
      this.options.logger.error('ending a session failed', { cause: toError(error).message });
    });
  }

  private makeRoom(): void {
    for (const session of this.detachments.keys()) {
      if (session.openProcessCount > 0) continue;
      this.expire(session);
      return;
    }
    throw limitReached('sessions', this.options.limits.maxSessions);
  }
}
