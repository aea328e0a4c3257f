import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import type { Clock } from '../base/clock';
import { ExecServerError, errnoCodeOf, toError } from '../base/errors';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import { CloseCode, tooLargeReason } from '../rpc/closeCodes';
import { WebSocketTransport } from '../rpc/webSocketTransport';
import { SlabPool } from '../rpc/frameWriter';
import type { MessageTransport } from '../rpc/transport';
import { AuthFailures } from './authFailures';
import type { DoorLock } from './doorLock';
import { isAllowedHost } from './hostCheck';
import { refuse, statusOfUnreadable } from './httpRefusal';
import { denialOf } from './presentedToken';

/** A place on the listener that takes WebSockets. */
export interface Door {
  /** Absent: no token is needed. */
  readonly lock: () => DoorLock | undefined;
  /** Whether the token may stand in the query, for clients that can only be given a URL. */
  readonly tokenInQuery: boolean;
  /** Whether a refused token is answered with the reason. */
  readonly explainsRefusals: boolean;
  /** Most connections at once. */
  readonly maxConnections: number;
  /** Makes ready what `accept` needs. A connection waits for it. */
  readonly prepare?: () => Promise<void>;
  readonly accept: (transport: MessageTransport) => void;
}

/** Where to listen. */
export interface ListenAddress {
  /** A literal loopback address. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

export interface ListenerOptions {
  readonly doors: Readonly<Record<string, Door>>;
  readonly allowedHosts: () => readonly string[];
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

/**
 * The only thing of ours that listens. Every request passes the same checks in the same order: no
 * `Origin` (a browser sends one, and no page has business here), a `Host` that means this machine, a
 * known path, and the door's token. Refusals have no body, so that they tell a stranger nothing;
 * the one exception is what is wrong with a token.
 */
export class Listener {
  private readonly server;
  private readonly upgrader;
  private readonly failures: AuthFailures;
  private readonly unauthenticated = new Set<Socket>();
  private readonly connectionsByPath = new Map<string, Set<MessageTransport>>();
  private readonly connectionsEmitter = new Emitter<string>();
  private readonly slabs = new SlabPool();
  private stopping: Promise<void> | undefined;

  /** The number of connections of a path changed. */
  readonly onDidChangeConnections = this.connectionsEmitter.event;

  constructor(private readonly options: ListenerOptions) {
    const { limits, clock } = options;
    this.failures = new AuthFailures(limits.maxAuthFailuresPerMinute, clock);
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      const { status, headers } = this.answerPlain(request);
      response.writeHead(status, { connection: 'close', 'content-length': 0, ...headers });
      response.end();
    };
    const upgraderOptions = {
      noServer: true,
      clientTracking: false,
      // The library would take the first one a client offers.
      handleProtocols: () => false as const,
      perMessageDeflate: false,
      maxPayload: limits.maxMessageBytes,
      maxFragments: limits.maxMessageFragments,
      maxBufferedChunks: limits.maxBufferedChunks,
      // The library's own bound of a close handshake, whoever begins it; its type lacks it.
      closeTimeout: limits.closeHandshakeMs,
      WebSocket: explainingWebSocket(limits.maxMessageBytes),
    };
    this.upgrader = new WebSocketServer(upgraderOptions);
    this.upgrader.on('wsClientError', (_error, socket) => {
      refuse(socket, 400);
    });
    this.server = createServer(
      {
        maxHeaderSize: limits.maxHeaderBytes,
        headersTimeout: limits.upgradeTimeoutMs,
        requestTimeout: limits.upgradeTimeoutMs,
        connectionsCheckingInterval: 1000,
        noDelay: true,
        // Ours to refuse, like every other wrong Host.
        requireHostHeader: false,
      },
      answer,
    );
    // Node drops headers beyond a count, and one of them could be the Origin. Their bytes are bounded.
    this.server.maxHeadersCount = 0;
    // Left to Node these would be answered before any check of ours.
    this.server.on('checkContinue', answer);
    this.server.on('checkExpectation', answer);
    this.server.on('connection', (socket) => {
      this.guardUnauthenticated(socket);
    });
    this.server.on('upgrade', (request, socket, head) => {
      // While a lock is at work nobody else listens, and a socket may fail at any time.
      socket.on('error', () => undefined);
      this.upgrade(request, socket, head).catch((error: unknown) => {
        options.logger.error('upgrade failed unexpectedly', { cause: toError(error).message });
        refuse(socket, 500);
      });
    });
    this.server.on('clientError', (error, socket) => {
      refuse(socket, statusOfUnreadable(error));
    });
  }

  get onDidBurstAuthFailures(): AuthFailures['onDidBurst'] {
    return this.failures.onDidBurst;
  }

  /** Where it listens, with the port the system chose. */
  get address(): ListenAddress {
    const { address, port } = this.server.address() as AddressInfo;
    return { host: address, port };
  }

  connectionCount(path: string): number {
    return this.connectionsByPath.get(path)?.size ?? 0;
  }

  /** @throws ExecServerError `listenFailed` when the port is taken or the address is not ours. */
  async listen({ host, port }: ListenAddress): Promise<void> {
    const { logger } = this.options;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', (error) => {
        const reason = errnoCodeOf(error) === 'EADDRINUSE' ? 'the port is in use' : error.message;
        reject(
          new ExecServerError('listenFailed', `Failed to listen on ${host}:${port}: ${reason}`, {
            cause: error,
          }),
        );
      });
      this.server.listen({ host, port, exclusive: true }, resolve);
    });
    this.server.on('error', (error) => {
      logger.error('listener failed', { cause: toError(error).message });
    });
    logger.info('listening', { host, port: this.address.port });
  }

  /** Ends the connections of one path with a close frame. */
  disconnectAll(path: string, code: number, reason: string): void {
    for (const transport of this.connectionsByPath.get(path) ?? []) transport.close(code, reason);
  }

  /** Takes no more connections and waits until those there are have closed. */
  async close(code: number, reason: string): Promise<void> {
    this.stopping ??= this.stop(code, reason);
    await this.stopping;
  }

  private async stop(code: number, reason: string): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    for (const socket of this.unauthenticated) socket.destroy();
    const open = [...this.connectionsByPath.values()].flatMap((peers) => [...peers]);
    const ended = open.map((transport) => {
      return new Promise((resolve) => transport.onDidEnd(resolve));
    });
    for (const path of this.connectionsByPath.keys()) this.disconnectAll(path, code, reason);
    // The last socket closes a moment before its transport says so.
    await Promise.all([stopped, ...ended]);
  }

  private answerPlain(request: IncomingMessage): {
    status: number;
    headers?: Readonly<Record<string, string>>;
  } {
    const refusal = this.refusalOf(request);
    if (refusal !== undefined) return { status: refusal };
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const path = pathOf(request);
    if (path === '/readyz')
      return isRead ? { status: 200 } : { status: 405, headers: { allow: 'GET,HEAD' } };
    if (!Object.hasOwn(this.options.doors, path)) return { status: 404 };
    return request.method === 'GET' ? { status: 400 } : { status: 405, headers: { allow: 'GET' } };
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const path = pathOf(request);
    const door = Object.hasOwn(this.options.doors, path) ? this.options.doors[path] : undefined;
    const status =
      this.refusalOf(request) ??
      (door === undefined ? 404 : undefined) ??
      (request.method === 'GET' ? undefined : 405);
    if (status !== undefined || door === undefined) {
      refuse(socket, status ?? 404);
      return;
    }
    const lock = door.lock();
    const reason = await denialOf(request, door);
    if (reason !== undefined) {
      const denial = this.failures.note() === 'tooMany' ? 429 : 401;
      this.options.logger.warn('connection refused', { path, status: denial, reason });
      refuse(socket, denial, door.explainsRefusals ? reason : '');
      return;
    }
    // The library would take a draft of the protocol too, in which browsers name their origin otherwise.
    if (request.headers['sec-websocket-version'] !== '13') {
      refuse(socket, 400);
      return;
    }
    await door.prepare?.();
    if (door.lock() !== lock) {
      // Replaced while we waited: what was shown may open no more.
      refuse(socket, 401);
      return;
    }
    if (this.stopping !== undefined || this.peersOf(path).size >= door.maxConnections) {
      refuse(socket, 503);
      return;
    }
    this.upgrader.handleUpgrade(request, socket, head, (webSocket) => {
      this.unauthenticated.delete(request.socket);
      this.serve(webSocket, request.socket, path, door);
    });
  }

  /** Knows no request: what lives as long as the connection would keep it, and with it the token. */
  private serve(webSocket: WebSocket, socket: Socket, path: string, door: Door): void {
    const { limits, clock } = this.options;
    const peers = this.peersOf(path);
    const transport = new WebSocketTransport({
      socket: webSocket,
      peer: `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? 0}`,
      limits,
      clock,
      stream: { socket, slabs: this.slabs },
    });
    peers.add(transport);
    transport.onDidEnd(() => {
      peers.delete(transport);
      this.connectionsEmitter.fire(path);
    });
    door.accept(transport);
    this.connectionsEmitter.fire(path);
  }

  /** What every request must pass, whatever it asks for. */
  private refusalOf(request: IncomingMessage): number | undefined {
    if (request.headers.origin !== undefined) return 403;
    const hosts = request.headersDistinct['host'] ?? [];
    if (hosts.length !== 1 || !isAllowedHost(hosts[0], this.options.allowedHosts())) return 403;
    return undefined;
  }

  private peersOf(path: string): Set<MessageTransport> {
    let peers = this.connectionsByPath.get(path);
    if (peers === undefined) {
      peers = new Set();
      this.connectionsByPath.set(path, peers);
    }
    return peers;
  }

  /** Sockets that have proved nothing may be few only, so the oldest makes room for the next. */
  private guardUnauthenticated(socket: Socket): void {
    this.unauthenticated.add(socket);
    socket.once('close', () => {
      this.unauthenticated.delete(socket);
    });
    const [oldest] = this.unauthenticated;
    if (this.unauthenticated.size > this.options.limits.maxUnauthenticatedSockets)
      oldest?.destroy();
  }
}

/** The library closes with a bare code when a message is too large; its sender is to learn the limit. */
function explainingWebSocket(maxMessageBytes: number): typeof WebSocket {
  return class extends WebSocket {
    override close(code?: number, reason?: string | Buffer): void {
      const isBare = code === CloseCode.tooLarge && reason === undefined;
      super.close(code, isBare ? tooLargeReason(maxMessageBytes) : reason);
    }
  };
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?', 1)[0] ?? '';
}
