import type { ExecutorProcess } from './executorProcess';
import { until } from './processFixtures';
import type { WireMessage } from './wireClient';

/** A client at the other end of an executor's stdin and stdout, which says what a test says. */
export class StdioAgent {
  private lastId = 0;

  constructor(readonly executor: ExecutorProcess) {}

  /** Everything the executor has said so far. */
  get received(): readonly WireMessage[] {
    const lines = this.executor.stdout.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as WireMessage);
  }

  send(text: string): void {
    this.executor.child.stdin.write(`${text}\n`);
  }

  async call(method: string, params?: unknown): Promise<WireMessage> {
    const id = (this.lastId += 1);
    this.send(JSON.stringify({ id, method, params }));
    return this.answerTo(id);
  }

  /** The first answer that carries an id, past or future. */
  async answerTo(id: number): Promise<WireMessage> {
    return this.next((message) => message['id'] === id, `the answer to ${id}`);
  }

  async next(condition: (message: WireMessage) => boolean, what: string): Promise<WireMessage> {
    let found: WireMessage | undefined;
    await until(() => {
      found = this.received.find(condition);
      return found !== undefined;
    }, what);
    return found ?? {};
  }

  async initialize(): Promise<WireMessage> {
    const answer = await this.call('initialize', { clientName: 'stdio-test' });
    this.send('{"method":"initialized"}');
    return answer;
  }

  /** What a process has written to one of its streams so far. */
  outputOf(processId: string, stream = 'stdout'): string {
    return this.received
      .map(({ params }) => params as Record<string, unknown> | undefined)
      .filter((params) => params?.['processId'] === processId && params['stream'] === stream)
      .map((params) => Buffer.from(String(params?.['chunk']), 'base64').toString())
      .join('');
  }
}
