import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { createConnection } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock } from '../base/clock';
import { ExecServerError } from '../base/errors';
import type { Limits } from '../base/limits';
import { redactSecrets } from '../base/logger';
import type { WebSocketTransportLimits } from './webSocketTransport';
import { WebSocketTransport } from './webSocketTransport';

export interface ConnectOptions {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Bound of the whole connect, upgrade included. */
  readonly timeoutMs: number;
  readonly maxMessageBytes: number;
  readonly limits: WebSocketTransportLimits & Pick<Limits, 'closeHandshakeMs'>;
  readonly clock: Clock;
}

/** Somebody answered, with an HTTP status in place of a WebSocket. */
export class UpgradeRefusedError extends ExecServerError {
  constructor(
    host: string,
    readonly status: number,
    explanation: string,
  ) {
    const said = explanation === '' ? '' : ` (${explanation})`;
    super('connectionClosed', `Failed to connect to ${host}: HTTP status ${status}${said}`);
  }
}

/** Longest part of a refusal's text that is shown, and of its body that is read for it. */
const MAX_EXPLANATION_LENGTH = 200;

/** Opens a WebSocket as a client. The error never names the URL, because its query may carry a token. */
export async function connectWebSocket(options: ConnectOptions): Promise<WebSocketTransport> {
  const target = await dialled(options.url);
  const { host } = new URL(options.url);
  const { limits, clock } = options;
  const socketOptions = {
    headers: { ...target.headers, ...options.headers },
    handshakeTimeout: options.timeoutMs,
    maxPayload: options.maxMessageBytes,
    perMessageDeflate: false,
    // The library's own bound of a close handshake; its type lacks it.
    closeTimeout: limits.closeHandshakeMs,
    ...(target.createConnection && { createConnection: target.createConnection }),
  };
  const socket = new WebSocket(target.url, socketOptions);
  // The transport subscribes in the same turn as the open event, so no early message is lost.
  return new Promise((resolve, reject) => {
    const fail = (reason: string, cause?: Error): void => {
      reject(
        new ExecServerError('connectionClosed', `Failed to connect to ${host}: ${reason}`, {
          cause,
        }),
      );
    };
    // The library's own timer begins anew with every byte.
    const deadline = clock.schedule(() => {
      fail(`no answer within ${options.timeoutMs} ms`);
      socket.terminate();
    }, options.timeoutMs);
    const refused = (error: Error): void => {
      deadline.dispose();
      fail(error.message, error);
    };
    socket.on('error', refused);
    socket.once('unexpected-response', (request, response: IncomingMessage) => {
      void explanationIn(response).then((explanation) => {
        deadline.dispose();
        request.destroy();
        reject(new UpgradeRefusedError(host, response.statusCode ?? 0, explanation));
      });
    });
    socket.once('open', () => {
      deadline.dispose();
      socket.off('error', refused);
      resolve(new WebSocketTransport({ socket, peer: host, limits, clock }));
    });
  });
}

/** What the library is told to connect to, and how. */
interface DialledTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly createConnection?: typeof createConnection;
}

/**
 * The library would load TLS with every start, so it only ever sees plain addresses here, and a secure
 * one gets its secure socket from us: certificate and name are checked as everywhere in Node.
 */
async function dialled(address: string): Promise<DialledTarget> {
  const url = new URL(address);
  if (url.protocol !== 'wss:') return { url: address, headers: {} };
  const { connect } = await import('node:tls');
  const { hostname, host } = url;
  const port = url.port === '' ? 443 : Number(url.port);
  const name = hostname.replace(/^\[(.*)\]$/, '$1');
  url.protocol = 'ws:';
  url.port = String(port);
  const secure = (): ReturnType<typeof connect> =>
    connect({
      host: name,
      port,
      // An address is no name to ask for; the certificate is still compared with it.
      ...(isIP(name) === 0 && { servername: name }),
      ALPNProtocols: ['http/1.1'],
    });
  return { url: url.href, headers: { host }, createConnection: secure };
}

/** The first words of a refusal's body, which says more than its status. */
async function explanationIn(response: IncomingMessage): Promise<string> {
  let text = '';
  try {
    for await (const chunk of response) {
      text += String(chunk);
      if (text.length >= MAX_EXPLANATION_LENGTH) break;
    }
  } catch {
    // What came so far is all there is.
  }
  // Some quote what they were asked for.
  return redactSecrets(text.slice(0, MAX_EXPLANATION_LENGTH).trim());
}
