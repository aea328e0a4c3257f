import type { Clock } from '../base/clock';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import type { EnvironmentSource } from '../environment/environmentSource';
import type { requests } from '../protocol/methods';
import { CloseCode } from '../rpc/closeCodes';
import type { Router } from '../rpc/router';
import type { MessageTransport } from '../rpc/transport';
import { AccessToken } from './accessToken';
import type { CallContext } from './callContext';
import { Connection } from './connection';
import type { DoorLock } from './doorLock';
import type { Door, ListenAddress } from './listener';
import { EnvironmentAnnouncer } from './environmentAnnouncer';
import { Listener } from './listener';
import { SessionRegistry } from './sessionRegistry';

/** Where agents connect. */
export const AGENT_PATH = '/';

export interface ExecServerOptions {
  /** What agents' tokens are judged by; absent: they need none. */
  readonly lock: DoorLock | undefined;
  /** Asked at every call. */
  readonly environments: EnvironmentSource;
  readonly allowedHosts: () => readonly string[];
  /** Further places on the same listener, such as the control channel. */
  readonly otherDoors?: Readonly<Record<string, Door>>;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** The agents' server: a listener, connections that came by it or otherwise, and the sessions behind them. */
export class ExecServer {
  private readonly listener: Listener;
  private readonly announcer: EnvironmentAnnouncer;
  private router: Router<typeof requests, CallContext> | undefined;
  private lock: DoorLock | undefined;
  private connectionsAccepted = 0;
  readonly sessions: SessionRegistry;

  constructor(private readonly options: ExecServerOptions) {
    const { clock, limits, logger, allowedHosts } = options;
    this.lock = options.lock;
    this.sessions = new SessionRegistry({ clock, limits, logger });
    this.announcer = new EnvironmentAnnouncer(options);
    this.listener = new Listener({
      allowedHosts,
      clock,
      limits,
      logger: logger.child('listener'),
      doors: {
        ...options.otherDoors,
        [AGENT_PATH]: {
          lock: () => this.lock,
          tokenInQuery: true,
          explainsRefusals: true,
          maxConnections: limits.maxConnections,
          prepare: () => this.prepare(),
          accept: (transport) => {
            this.accept(transport);
          },
        },
      },
    });
  }

  get port(): number {
    return this.listener.address.port;
  }

  /** The address agents use, without the token. */
  get url(): string {
    const { host, port } = this.listener.address;
    return `ws://${host.includes(':') ? `[${host}]` : host}:${port}/`;
  }

  /** The token agents need, where this server knows it. */
  get token(): AccessToken | undefined {
    return this.lock instanceof AccessToken ? this.lock : undefined;
  }

  get connectionCount(): number {
    return this.listener.connectionCount(AGENT_PATH);
  }

  get onDidChangeConnections(): Listener['onDidChangeConnections'] {
    return this.listener.onDidChangeConnections;
  }

  get onDidBurstAuthFailures(): Listener['onDidBurstAuthFailures'] {
    return this.listener.onDidBurstAuthFailures;
  }

  listen(address: ListenAddress): Promise<void> {
    return this.listener.listen(address);
  }

  /**
   * Loads what only connections need: the schemas and handlers of every method, which take as long as the
   * rest of a start. The first connection waits for it.
   */
  async prepare(): Promise<void> {
    const { createAgentRouter } = await import('./handlers/requestHandlers');
    const { environments, clock, limits } = this.options;
    this.router ??= createAgentRouter({ sessions: this.sessions, environments, clock, limits });
  }

  /** Serves an agent at the other end of a transport that needs no further proof, once prepared for it. */
  accept(transport: MessageTransport): void {
    const { environments, clock, limits, logger } = this.options;
    const { router, announcer } = this;
    if (router === undefined) throw new Error('A connection came before what serves it was loaded');
    this.connectionsAccepted += 1;
    const connectionLogger = logger.child(`connection ${this.connectionsAccepted}`);
    connectionLogger.info('connection opened', { peer: transport.peer });
    new Connection({
      transport,
      router,
      sessions: this.sessions,
      environments,
      announcer,
      clock,
      limits,
      logger: connectionLogger,
    });
  }

  /** Replaces the agents' token, ends their connections and sessions, and everything those started. */
  async rotateToken(): Promise<void> {
    this.lock = AccessToken.random();
    this.listener.disconnectAll(AGENT_PATH, CloseCode.policyViolation, 'the token was replaced');
    await this.sessions.endAll('user');
  }

  /** Takes no more connections, ends every session and its processes, then the sockets. */
  async close(): Promise<void> {
    const closed = this.listener.close(CloseCode.goingAway, 'exec-server is shutting down');
    await this.sessions.endAll('shutdown');
    await closed;
    this.announcer.dispose();
  }
}
