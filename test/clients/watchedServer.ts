import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../host/until.mjs';
import type { ExecutorProcess } from '../support/executorProcess';
import type { RelayObserver } from '../support/tcpRelay';
import { TcpRelay } from '../support/tcpRelay';
import { WebSocketTap } from '../support/webSocketTap';

/** Params or a result, as far as the tests look into them. */
interface Body {
  readonly resumeSessionId?: string | null;
  readonly sessionId?: string;
  readonly chunk?: string;
  readonly exitCode?: number;
}

/** A message of either side. */
interface Message {
  readonly method?: string;
  readonly params?: Body | null;
  readonly result?: Body;
}

/** The headless executor behind a cable, and everything that was said through it. */
export class WatchedServer {
  private readonly requests: Message[] = [];
  private readonly answers: Message[] = [];

  private relay: TcpRelay | undefined;

  private constructor(
    readonly executor: ExecutorProcess,
    readonly workspace: string,
    private readonly address: URL,
  ) {}

  static async connect(executor: ExecutorProcess, workspace: string): Promise<WatchedServer> {
    const address = new URL(await executor.firstLine());
    const server = new WatchedServer(executor, workspace, address);
    server.relay = await TcpRelay.start(Number(address.port), () => server.listenIn());
    address.port = String(server.relay.port);
    return server;
  }

  /** Where the agent connects to. */
  get url(): string {
    return this.address.href;
  }

  /** The methods the client called, each once, in the order of the first call. */
  get methods(): readonly string[] {
    return [...new Set(this.requests.flatMap(({ method }) => method ?? []))];
  }

  /** All output the server announced, of all processes in the order sent. */
  get output(): Buffer {
    const chunks = this.notifications('process/output').map(({ chunk }) => chunk ?? '');
    return Buffer.concat(chunks.map((chunk) => Buffer.from(chunk, 'base64')));
  }

  /** What each process ended with, in the order of their ends. */
  get exitCodes(): readonly (number | undefined)[] {
    return this.notifications('process/exited').map(({ exitCode }) => exitCode);
  }

  /** The session each connection was given. */
  get sessions(): readonly string[] {
    return this.answers.flatMap(({ result }) => result?.sessionId ?? []);
  }

  /** The sessions the client asked for again. */
  get resumed(): readonly string[] {
    return this.requests.flatMap(({ params }) => params?.resumeSessionId ?? []);
  }

  async untilOutput(text: string): Promise<void> {
    await until(
      `'${text}' on the wire`,
      () => this.output.toString(),
      (output) => output.includes(text),
    );
  }

  async untilFile(name: string): Promise<void> {
    await until(`the file ${name}`, () => existsSync(join(this.workspace, name)), Boolean);
  }

  /** Cuts the connection and keeps it cut until {@link reconnect}. */
  async cut(): Promise<void> {
    this.relay?.pull();
    await this.executor.untilLogged('session detached');
  }

  reconnect(): void {
    this.relay?.putBack();
  }

  private listenIn(): RelayObserver {
    const fromClient = new WebSocketTap((text) => {
      this.requests.push(JSON.parse(text) as Message);
    });
    const fromServer = new WebSocketTap((text) => {
      this.answers.push(JSON.parse(text) as Message);
    });
    return {
      fromClient: (bytes) => {
        fromClient.push(bytes);
      },
      fromServer: (bytes) => {
        fromServer.push(bytes);
      },
    };
  }

  private notifications(name: string): Body[] {
    return this.answers.flatMap(({ method, params }) => (method === name ? (params ?? []) : []));
  }
}
