import { WebSocket } from 'ws';
import { Deferred } from '../../src/base/deferred';

/** One decoded message from the server. */
export type WireMessage = Readonly<Record<string, unknown>>;

/** How a request was answered. */
export type WireReply =
  | { readonly result: unknown }
  | { readonly error: { readonly code: number; readonly message: string } };

export interface WireClientOptions {
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A client that shows what is on the wire and adds nothing: it sends what a test says, keeps every
 * message in order, and waits for messages instead of for time.
 */
export class WireClient {
  readonly received: WireMessage[] = [];
  /** Binary messages, which come only to a client that asked for them. */
  readonly frames: Buffer[] = [];
  private readonly endDeferred = new Deferred<{ code: number; reason: string }>();
  /** Settles when the connection has ended. */
  readonly closed = this.endDeferred.promise;
  private readonly waiting = new Set<() => void>();
  private lastId = 0;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) {
        this.frames.push(data);
        return;
      }
      this.receivedTexts.push(data.toString());
      this.received.push(JSON.parse(data.toString()) as WireMessage);
      for (const check of [...this.waiting]) check();
    });
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      this.endDeferred.resolve({ code, reason: reason.toString() });
      for (const check of [...this.waiting]) check();
    });
  }

  static async connect(url: string, options: WireClientOptions = {}): Promise<WireClient> {
    const socket = new WebSocket(url, {
      headers: options.headers ?? {},
      perMessageDeflate: false,
      maxPayload: 1024 ** 3,
    });
    const client = new WireClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        reject(new Error(`HTTP ${response.statusCode ?? 0}`));
        response.resume();
        socket.terminate();
      });
    });
    return client;
  }

  /** Connects and completes the handshake. */
  static async open(url: string, resumeSessionId?: string): Promise<WireClient & OpenedClient> {
    const client = await WireClient.connect(url);
    const { sessionId } = await client.initialize(resumeSessionId);
    return Object.assign(client, { sessionId });
  }

  async initialize(resumeSessionId: string | null = null): Promise<{ sessionId: string }> {
    const result = await this.request('initialize', { clientName: 'wire-test', resumeSessionId });
    this.notify('initialized', {});
    return result as { sessionId: string };
  }

  sendRaw(data: string | Buffer): void {
    this.socket.send(data);
  }

  /** Sends one part of a message. */
  sendFragment(data: string | Buffer, isLast: boolean, isBinary = false): void {
    this.socket.send(data, { fin: isLast, binary: isBinary });
  }

  /** One message in several frames. */
  sendFragments(fragments: readonly string[]): void {
    for (const [index, fragment] of fragments.entries()) {
      this.socket.send(fragment, { fin: index === fragments.length - 1 });
    }
  }

  /** Every message as it came, where numbers must not lose digits. */
  readonly receivedTexts: string[] = [];

  get hasEnded(): boolean {
    return this.endDeferred.isSettled;
  }

  notify(method: string, params?: unknown): void {
    this.sendRaw(JSON.stringify({ method, params }));
  }

  /** Sends a request and waits for its reply, error or not. */
  async call(method: string, params?: unknown): Promise<WireReply> {
    const id = (this.lastId += 1);
    this.sendRaw(JSON.stringify({ id, method, params }));
    const reply = await this.next((message) => message['id'] === id && !('method' in message));
    if ('error' in reply) return { error: reply['error'] as { code: number; message: string } };
    return { result: reply['result'] };
  }

  /** The same for a request that must succeed. */
  async request(method: string, params?: unknown): Promise<unknown> {
    const reply = await this.call(method, params);
    if ('error' in reply) throw new Error(`${method}: ${reply.error.code} ${reply.error.message}`);
    return reply.result;
  }

  /** The first message, past or future, that satisfies the condition. */
  async next(condition: (message: WireMessage) => boolean): Promise<WireMessage> {
    let examined = 0;
    return new Promise((resolve, reject) => {
      const check = (): void => {
        while (examined < this.received.length) {
          const message = this.received[examined];
          examined += 1;
          if (message === undefined || !condition(message)) continue;
          this.waiting.delete(check);
          resolve(message);
          return;
        }
        if (!this.endDeferred.isSettled) return;
        this.waiting.delete(check);
        reject(new Error('The connection ended before the awaited message'));
      };
      this.waiting.add(check);
      check();
    });
  }

  /** The parameters of every notification of a process, in the order received. */
  eventsOf(processId: string): { method: string; params: ProcessEventParams }[] {
    return this.received.flatMap((message) => {
      const params = message['params'] as ProcessEventParams | undefined;
      if (typeof message['method'] !== 'string' || params?.processId !== processId) return [];
      return [{ method: message['method'], params }];
    });
  }

  /** Waits until a process has closed and answers everything it wrote. */
  async outputOf(processId: string): Promise<Buffer> {
    await this.next(
      (message) =>
        message['method'] === 'process/closed' && paramsOf(message).processId === processId,
    );
    const chunks = this.eventsOf(processId).map(({ params }) => params.chunk ?? '');
    return Buffer.concat(chunks.map((chunk) => Buffer.from(chunk, 'base64')));
  }

  /** Stops reading from the socket, as a stuck client would; and goes on. */
  setPaused(paused: boolean): void {
    if (paused) this.socket.pause();
    else this.socket.resume();
  }

  /** Ends the connection without a close frame. */
  cut(): void {
    this.socket.terminate();
  }

  /** Begins to close and waits for nothing. */
  sendClose(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}

export interface OpenedClient {
  readonly sessionId: string;
}

export interface ProcessEventParams {
  readonly processId: string;
  readonly seq: number;
  readonly stream?: string;
  readonly chunk?: string;
  readonly exitCode?: number;
}

export function paramsOf(message: WireMessage): ProcessEventParams {
  return message['params'] as ProcessEventParams;
}

/** A `process/start` for a shell command with the usual members filled in. */
export function startParams(
  processId: string,
  argv: string | readonly string[],
  overrides: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    processId,
    argv: typeof argv === 'string' ? ['/bin/sh', '-c', argv] : argv,
    cwd: process.cwd(),
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    tty: false,
    ...overrides,
  };
}
