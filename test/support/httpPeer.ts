import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Deferred } from '../../src/base/deferred';

/** What a web server was asked, as it was on the wire. */
export interface ReceivedRequest {
  readonly line: string;
  /** Lines as received, repeated ones included. */
  readonly headers: readonly string[];
  readonly body: string;
}

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A web server on loopback for the length of one test. */
export class HttpPeer {
  readonly received: ReceivedRequest[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly cut = new Deferred<void>();
  /** Settles when a connection was closed before its answer was complete. */
  readonly didLoseClient = this.cut.promise;

  private constructor(private readonly port: number) {}

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  static async start(answer: Answer): Promise<HttpPeer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const peer = new HttpPeer((server.address() as AddressInfo).port);
    server.on('connection', (socket) => {
      peer.sockets.add(socket);
      socket.on('error', () => undefined);
    });
    server.on('request', (request, response) => {
      response.on('close', () => {
        if (!response.writableFinished) peer.cut.resolve();
      });
      void peer.note(request).then(() => {
        answer(request, response);
      });
    });
    onTestFinished(async () => {
      for (const socket of peer.sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return peer;
  }

  /** The headers of the last request under a name. */
  lastHeader(name: string): readonly string[] {
    const prefix = `${name}: `;
    const lines = this.received.at(-1)?.headers ?? [];
    return lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length));
  }

  private async note(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers: string[] = [];
    for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
      headers.push(`${request.rawHeaders[index] ?? ''}: ${request.rawHeaders[index + 1] ?? ''}`);
    }
    this.received.push({
      line: `${request.method ?? ''} ${request.url ?? ''}`,
      headers,
      body: Buffer.concat(chunks).toString(),
    });
  }
}

/** Sends as fast as the client takes it, for ever; answers how much was taken so far. */
export function flood(response: ServerResponse): () => number {
  const chunk = Buffer.alloc(64 * 1024, 97);
  let sent = 0;
  const pour = (): void => {
    while (!response.destroyed) {
      sent += chunk.length;
      if (!response.write(chunk)) {
        response.once('drain', pour);
        return;
      }
    }
  };
  response.on('error', () => undefined);
  pour();
  return () => sent;
}
