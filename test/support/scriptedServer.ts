import type { Connect } from '../../src/client/serverConnection';
import { CloseCode } from '../../src/rpc/closeCodes';
import type { LinkedTransport } from './linkedTransports';
import { linkedTransports } from './linkedTransports';

/** A request as the server got it. */
export interface ScriptedRequest {
  readonly id: number;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

const environmentInfo = { shell: { name: 'bash', path: '/bin/bash' } };

/** The other end of a client, in memory, which answers what a test says and when. */
export class ScriptedServer {
  /** Every request but the handshake's, those of all connections. */
  readonly requests: ScriptedRequest[] = [];
  /** One for each connection there was, in order. */
  readonly connections: LinkedTransport[] = [];
  /** Answers at once; a method that is not here waits for `answer`. */
  readonly answers = new Map<string, (params: ScriptedRequest['params']) => unknown>([
    ['initialize', () => ({ sessionId: 's', environmentInfo })],
  ]);
  /** Whether a connection is lost right behind an answer, in the same turn. */
  endsBehindAnswers = false;
  /** Thrown by attempts to connect, one each. */
  readonly refusals: Error[] = [];

  readonly connect: Connect = () => {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return Promise.reject(refusal);
    const { server, client } = linkedTransports();
    server.onDidReceive((data) => {
      this.receive(server, data);
    });
    this.connections.push(server);
    const gone = new Promise<void>((resolve) => {
      client.onDidEnd(() => {
        resolve();
      });
    });
    return Promise.resolve({
      transport: client,
      isResumable: true,
      describeEnd: ({ reason }) => reason,
      cut: () => {
        client.dispose();
      },
      gone,
    });
  };

  get methods(): string[] {
    return this.requests.map(({ method }) => method);
  }

  private get current(): LinkedTransport {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error('Nobody is connected');
    return connection;
  }

  answer({ id }: ScriptedRequest, result: unknown): void {
    this.send({ id, result });
  }

  send(message: unknown): void {
    this.current.send(JSON.stringify(message));
  }

  notify(method: string, params: unknown): void {
    this.send({ method, params });
  }

  lose(): void {
    this.current.close(CloseCode.abnormal, 'cable pulled');
  }

  private receive(connection: LinkedTransport, data: Buffer): void {
    const message = JSON.parse(data.toString()) as Partial<ScriptedRequest>;
    const { id, method, params = {} } = message;
    if (id === undefined || method === undefined) return;
    if (method !== 'initialize') this.requests.push({ id, method, params });
    const answer = this.answers.get(method);
    if (answer === undefined) return;
    connection.send(JSON.stringify({ id, result: answer(params) }));
    if (this.endsBehindAnswers) connection.close(CloseCode.abnormal, 'cable pulled');
  }
}
