import { isIPv6 } from 'node:net';
import type { Clock } from '../base/clock';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import type { Environment } from '../environment/environment';
import { CloseCode } from '../rpc/closeCodes';
import { AccessToken } from './accessToken';
import { Connection } from './connection';
import { createAgentRouter } from './handlers/requestHandlers';
import type { Door } from './listener';
import { Listener } from './listener';
import { SessionRegistry } from './sessionRegistry';

/** Where agents connect. */
export const AGENT_PATH = '/';

export interface ExecServerOptions {
  readonly host: string;
  readonly port: number;
  /** Absent: agents need no token. */
  readonly token: AccessToken | undefined;
  readonly environment: () => Environment;
  readonly allowedHosts: () => readonly string[];
  /** Further places on the same listener, such as the control channel. */
  readonly otherDoors?: Readonly<Record<string, Door>>;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** The agents' server: a listener, its connections and the sessions behind them. */
export class ExecServer {
  private readonly listener: Listener;
  private agentToken: AccessToken | undefined;
  readonly sessions: SessionRegistry;

  constructor(private readonly options: ExecServerOptions) {
    const { clock, limits, logger, environment, host, port, allowedHosts } = options;
    this.agentToken = options.token;
    this.sessions = new SessionRegistry({ clock, limits, logger });
    const { sessions } = this;
    const router = createAgentRouter({ sessions, environment, limits });
    let connectionCount = 0;
    this.listener = new Listener({
      host,
      port,
      allowedHosts,
      clock,
      limits,
      logger: logger.child('listener'),
      doors: {
        ...options.otherDoors,
        [AGENT_PATH]: {
          token: () => this.agentToken,
          tokenInQuery: true,
          maxConnections: limits.maxConnections,
          accept: (transport) => {
            connectionCount += 1;
            const connectionLogger = logger.child(`connection ${connectionCount}`);
            connectionLogger.info('connection opened', { peer: transport.peer });
            new Connection({
              transport,
              router,
              sessions,
              clock,
              limits,
              logger: connectionLogger,
            });
          },
        },
      },
    });
  }

  get port(): number {
    return this.listener.port;
  }

  /** The address agents use, without the token. */
  get url(): string {
    const { host } = this.options;
    return `ws://${isIPv6(host) ? `[${host}]` : host}:${this.port}/`;
  }

  get token(): AccessToken | undefined {
    return this.agentToken;
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

  listen(): Promise<void> {
    return this.listener.listen();
  }

  /** Replaces the agents' token, ends their connections and sessions, and everything those started. */
  async rotateToken(): Promise<void> {
    this.agentToken = AccessToken.random();
    this.listener.disconnectAll(AGENT_PATH, CloseCode.policyViolation, 'the token was replaced');
    await this.sessions.endAll('user');
  }

  /** Takes no more connections, ends every session and its processes, then the sockets. */
  async close(): Promise<void> {
    const closed = this.listener.close(CloseCode.goingAway, 'exec-server is shutting down');
    await this.sessions.endAll('shutdown');
    await closed;
  }
}
