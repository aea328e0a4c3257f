import type { Clock } from '../base/clock';
import { ExecServerError, toError } from '../base/errors';
import type { Event } from '../base/event';
import type { Limits } from '../base/limits';
import { DisposableStore } from '../base/lifecycle';
import type { Logger } from '../base/logger';
import type { EnvironmentChange, EnvironmentSource } from '../environment/environmentSource';
import { refusalOf } from '../environment/limitedEnvironment';
import { encodeError, parseMessage } from '../protocol/envelope';
import { environmentChanged, invalidRequest } from '../protocol/errorCodes';
import type { requests } from '../protocol/methods';
import type { OutgoingMessage } from '../protocol/outgoingMessage';
import { CloseCode } from '../rpc/closeCodes';
import { RequestServer } from '../rpc/requestServer';
import type { Router } from '../rpc/router';
import type { MessageTransport } from '../rpc/transport';
import type { Attachment } from './attachment';
import type { CallContext, HandshakeState } from './callContext';
import type { EnvironmentAnnouncer } from './environmentAnnouncer';
import { HttpCalls } from './httpCalls';
import { MissingWatch } from './missingWatch';
import { OpenFiles } from './openFiles';
import type { Session } from './session';
import type { SessionRegistry } from './sessionRegistry';

/** The id of replies to messages whose own id could not be read. */
const UNREADABLE_ID = -1;

/** Ignored messages of one connection that are logged; a client that floods us must not fill the log. */
const MAX_IGNORED_LOGGED = 10;

/** Longest part of a notification's name that goes into the log. */
const MAX_LOGGED_METHOD_LENGTH = 80;

export interface ConnectionOptions {
  readonly transport: MessageTransport;
  readonly router: Router<typeof requests, CallContext>;
  readonly sessions: SessionRegistry;
  readonly environments: EnvironmentSource;
  readonly announcer: Pick<EnvironmentAnnouncer, 'onDidAnnounce'>;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

/**
 * One agent's socket, from the handshake to its end.
 *
 *   awaitingInitialize ──initialize──► awaitingInitialized ──initialized──► ready
 *
 * Malformed messages are answered in their turn and change nothing. What asks for nothing and means
 * nothing here (a reply to no question, a notification of another release) is ignored: a session is
 * worth more. Only `initialized` before `initialize` ends the connection, which could never be used.
 */
export class Connection implements Attachment, CallContext {
  private readonly store = new DisposableStore();
  private readonly server: RequestServer<typeof requests, CallContext>;
  readonly openFiles: OpenFiles;
  readonly httpCalls: HttpCalls;
  readonly missingWatch = this.store.add(new MissingWatch(this));
  private boundSession: Session | undefined;
  private initialized = false;
  private binary = false;
  /** What has changed since the answer to `initialize`, for a client that is not ready to hear of it. */
  private heldAnnouncement: string | undefined;
  private ignoredCount = 0;
  /** Nothing is taken from the client any more. */
  private leaving = false;
  private ended = false;

  constructor(private readonly options: ConnectionOptions) {
    const { transport, router, clock, limits, logger } = options;
    this.server = new RequestServer<typeof requests, CallContext>({
      transport,
      router,
      context: this,
      limits,
      logger,
    });
    this.httpCalls = this.store.add(new HttpCalls(this, limits));
    this.openFiles = this.store.add(
      new OpenFiles(limits, (error) => {
        logger.warn('failed to close a file', { cause: toError(error).message });
      }),
    );
    this.store.add(
      transport.onDidReceive((data) => {
        this.receive(data);
      }),
    );
    this.store.add(
      transport.onDidEnd(({ code }) => {
        this.end(code);
      }),
    );
    this.store.add(
      options.environments.onDidChange((change) => {
        this.letGoAfter(change);
      }),
    );
    this.store.add(
      options.announcer.onDidAnnounce((notification) => {
        if (this.initialized) this.notify(notification);
        else if (this.boundSession !== undefined) this.heldAnnouncement = notification;
      }),
    );
    this.store.add(
      clock.schedule(() => {
        if (this.boundSession === undefined) this.hangUp('no initialize in time');
      }, limits.initializeTimeoutMs),
    );
  }

  get attachment(): Attachment {
    return this;
  }

  get handshake(): HandshakeState {
    if (this.boundSession === undefined) return 'awaitingInitialize';
    return this.initialized ? 'ready' : 'awaitingInitialized';
  }

  get session(): Session {
    if (this.boundSession === undefined) {
      throw new ExecServerError('protocolViolation', 'A handler ran before initialize');
    }
    return this.boundSession;
  }

  bind(session: Session): void {
    this.boundSession = session;
    // The socket may have gone while the session was being found.
    if (this.ended) this.options.sessions.detach(session, this);
  }

  get isOpen(): boolean {
    return this.options.transport.isOpen;
  }

  get isCongested(): boolean {
    return this.options.transport.isCongested;
  }

  get onDidChangeCongestion(): Event<boolean> {
    return this.options.transport.onDidChangeCongestion;
  }

  get binaryOutput(): boolean {
    return this.binary;
  }

  useBinaryOutput(): boolean {
    this.binary = this.options.transport.takesBinary;
    return this.binary;
  }

  notify(message: OutgoingMessage): void {
    this.options.transport.send(message);
  }

  isAlive(timeoutMs: number): Promise<boolean> {
    return this.options.transport.isAlive(timeoutMs);
  }

  evict(): void {
    this.leave(CloseCode.policyViolation, 'the session was resumed by another connection');
  }

  dismiss(reason: string): void {
    this.leave(CloseCode.goingAway, reason);
  }

  /** Ends what belongs to a place that is no longer current, and what may not go on. Processes stay. */
  private letGoAfter(change: EnvironmentChange): void {
    const { current } = this.options.environments;
    const { exec, filesystem } = current.capabilities;
    if (change === 'environment' || !filesystem) {
      this.openFiles.endAll();
      this.missingWatch.fire();
    }
    if (!exec) {
      const refusal = refusalOf(current, 'exec');
      this.httpCalls.interrupt(refusal);
      this.boundSession?.cancelReads(refusal);
    } else if (change === 'environment') this.httpCalls.interrupt(environmentChanged());
  }

  private receive(data: Buffer): void {
    if (this.leaving) return;
    const message = parseMessage(data, this.options.limits);
    switch (message.kind) {
      case 'request':
        this.server.accept(message, data.length);
        return;
      case 'notification':
        if (message.method === 'initialized') {
          this.server.acceptEffect(() => {
            this.openForRequests();
          });
        } else this.ignore('unknown notification', message.method);
        return;
      case 'response':
        this.ignore('reply to no request');
        return;
      case 'malformed':
        this.server.acceptEffect(() => {
          this.refuseMalformed(message.detail, data.length);
        });
    }
  }

  private refuseMalformed(detail: string, bytes: number): void {
    const { transport, logger } = this.options;
    logger.debug('malformed message', { bytes });
    const what =
      transport.medium === 'stdio'
        ? 'JSON-RPC message from exec-server stdio'
        : `websocket JSON-RPC message from exec-server websocket ${transport.peer}`;
    const error = invalidRequest(`failed to parse ${what}: ${detail}`);
    transport.send(encodeError(UNREADABLE_ID, error));
  }

  private openForRequests(): void {
    if (this.boundSession === undefined) {
      this.hangUp('initialized before initialize');
      return;
    }
    this.initialized = true;
    if (this.heldAnnouncement !== undefined) this.notify(this.heldAnnouncement);
    this.heldAnnouncement = undefined;
  }

  /** At once and without a place in the order: it must not hold anything up, nor stay in memory. */
  private ignore(what: string, method?: string): void {
    this.ignoredCount += 1;
    if (this.ignoredCount > MAX_IGNORED_LOGGED) return;
    this.options.logger.debug(`ignored ${what}`, {
      method: method?.slice(0, MAX_LOGGED_METHOD_LENGTH),
      further: this.ignoredCount === MAX_IGNORED_LOGGED ? 'not logged' : undefined,
    });
  }

  private hangUp(reason: string): void {
    this.options.logger.warn('connection closed by us', { reason });
    this.leaving = true;
    this.server.stop();
    this.options.transport.close(CloseCode.protocolError, reason);
  }

  /** Ends a connection that lost its session. Nothing it sends has an effect from here on. */
  private leave(code: number, reason: string): void {
    if (this.leaving) return;
    this.leaving = true;
    this.server.stop();
    // Reads that were called off just now are answered in the promise jobs before this.
    setImmediate(() => {
      this.options.transport.close(code, reason);
    });
  }

  private end(code: number): void {
    if (this.ended) return;
    this.ended = true;
    this.leaving = true;
    this.server.stop();
    this.store.dispose();
    this.options.logger.info('connection ended', { code });
    if (this.boundSession !== undefined) this.options.sessions.detach(this.boundSession, this);
  }
}
