import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Deferred } from '../../src/base/deferred';

/** Header lines as they go onto the socket, in order; the same name may come twice. */
export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** The one header every request needs. */
export const host: HeaderLines = [['Host', '127.0.0.1']];

/** The whole of a refusal, so that nothing else can be in it. */
export const refusal = (status: number, more: Readonly<Record<string, string>> = {}): unknown => ({
  status,
  headers: { connection: 'close', 'content-length': '0', ...more },
  body: '',
});

/** A TCP connection of a test that says what it likes. */
export class RawConnection {
  private readonly endDeferred = new Deferred<string>();
  private received = '';
  /** Everything received, once the other end has closed or cut the connection. */
  readonly ended = this.endDeferred.promise;

  private constructor(readonly socket: Socket) {
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.received += text;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.endDeferred.resolve(this.received);
    });
    onTestFinished(() => {
      socket.destroy();
    });
  }

  static async open(port: number, host = '127.0.0.1'): Promise<RawConnection> {
    const connection = new RawConnection(connect({ port, host }));
    await new Promise<void>((resolve, reject) => {
      connection.socket.once('connect', resolve);
      connection.socket.once('error', reject);
    });
    return connection;
  }

  get text(): string {
    return this.received;
  }

  get hasEnded(): boolean {
    return this.endDeferred.isSettled;
  }

  send(text: string): void {
    this.socket.write(text, 'latin1');
  }
}

/** Sends bytes and gives back everything that came until the other end closed. */
export async function exchange(port: number, text: string): Promise<string> {
  const connection = await RawConnection.open(port);
  connection.send(text);
  return connection.ended;
}

/** A request as text. */
export function requestText(requestLine: string, headers: HeaderLines, body = ''): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${requestLine}\r\n${lines.join('')}\r\n${body}`;
}

/** The headers of a correct WebSocket upgrade. */
export function upgradeHeaders(more: HeaderLines = []): HeaderLines {
  return [
    ...host,
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
    ['Sec-WebSocket-Version', '13'],
    ['Sec-WebSocket-Key', randomBytes(16).toString('base64')],
    ...more,
  ];
}

/** What a response says: its status, its headers in lower case without `date`, and its body. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function parseResponse(text: string): RawResponse {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const [name = '', value = ''] = line.split(/: ?(.*)/s);
    if (name.toLowerCase() !== 'date') headers[name.toLowerCase()] = value;
  }
  return { status: Number(statusLine.split(' ')[1]), headers, body: rest.join('\r\n\r\n') };
}

export async function request(
  port: number,
  requestLine: string,
  headers: HeaderLines = host,
  body = '',
): Promise<RawResponse> {
  return parseResponse(await exchange(port, requestText(requestLine, headers, body)));
}

/** Asks for an upgrade and gives back the status; a connection that was accepted is cut. */
export async function upgradeStatus(
  port: number,
  path: string,
  headers: HeaderLines = upgradeHeaders(),
): Promise<number> {
  const connection = await RawConnection.open(port);
  connection.send(requestText(`GET ${path} HTTP/1.1`, headers));
  const answered = new Promise<void>((resolve) => {
    connection.socket.on('data', () => {
      if (connection.text.includes('\r\n\r\n')) resolve();
    });
    void connection.ended.then(() => {
      resolve();
    });
  });
  await answered;
  connection.socket.destroy();
  return parseResponse(connection.text).status;
}
