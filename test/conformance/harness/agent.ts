import { expect } from 'vitest';
import type { WireClient, WireMessage, WireReply } from '../../support/wireClient';
import { expectedOf } from './difference';
import type { Side } from './difference';
import { normalise } from './normalise';
import { Life } from './life';

/** A question and the whole answer it gets. */
export type Exchange = readonly [method: string, params: unknown, reply: unknown];

/** The answer to a request that is carried out. */
export function ok(result: unknown = {}): unknown {
  return { result };
}

/** The answer to one that is not. */
export function refused(code: number, message: unknown): unknown {
  return { error: { code, message } };
}

/** A connection that goes on answering. */
export const STAYS = 'stays open';

/** A connection that is cut: no close frame says why. */
export const CUT = { code: 1006, reason: '' };

/**
 * The longest a read waits for what is sure to come. Below the time of a test, because the peer may miss the
 * moment and then looks again only when the time is up.
 */
export const PATIENCE_MS = 20_000;

/** A client of one server that compares every answer with what the scenario says. */
export class Agent {
  private marks = 0;

  constructor(
    readonly wire: WireClient,
    private readonly side: Side,
  ) {}

  /** A request and its answer. */
  async asks(method: string, params: unknown, reply: unknown): Promise<void> {
    await this.talks([[method, params, reply]]);
  }

  /** Requests one after the other, compared in one piece. */
  async talks(exchanges: readonly Exchange[]): Promise<void> {
    const heard: unknown[] = [];
    for (const [method, params] of exchanges) {
      heard.push([method, params, normalise(await this.wire.call(method, params))]);
    }
    expect(heard).toEqual(
      exchanges.map(([method, params, reply]) => [method, params, expectedOf(this.side, reply)]),
    );
  }

  /** A request that is refused with a code, in words that tell no more than the code. */
  async refuses(method: string, params: unknown, code: number): Promise<void> {
    const reply = await this.wire.call(method, params);
    expect('error' in reply ? reply.error.code : reply).toBe(code);
  }

  /** A request whose answer the scenario needs. */
  async call(method: string, params?: unknown): Promise<WireReply> {
    return this.wire.call(method, params);
  }

  /** A request that must be carried out, and its result as it came. */
  async result<T>(method: string, params?: unknown): Promise<T> {
    return (await this.wire.request(method, params)) as T;
  }

  /** Frames as they are, and every message that comes for them; only where no process talks. */
  async says(frames: readonly (string | Buffer)[], messages: readonly unknown[]): Promise<void> {
    const before = this.wire.received.length;
    for (const frame of frames) this.wire.sendRaw(frame);
    await this.isAnswered();
    const heard = this.wire.received.slice(before, -1).map((message) => normalise(message));
    expect(heard).toEqual(expectedOf(this.side, messages));
  }

  /** What a frame, or a message in several, does to the connection: `STAYS`, or how it ends. */
  async suffers(frame: string | Buffer | readonly string[], fate: unknown): Promise<void> {
    if (typeof frame === 'string' || Buffer.isBuffer(frame)) this.wire.sendRaw(frame);
    else this.wire.sendFragments(frame);
    const suffered = await this.isAnswered().then(
      () => STAYS,
      () => this.wire.closed,
    );
    expect(suffered).toEqual(expectedOf(this.side, fate));
  }

  /** Starts a program and waits until it has closed. */
  async runs(params: StartParams): Promise<Life> {
    await this.result('process/start', params);
    return this.lifeOf(params.processId);
  }

  /**
   * Starts a program that writes a text and then waits for a line before it exits. Without that the peer
   * may number the exit before the output.
   */
  async runsInOrder(params: StartParams, text: string): Promise<Life> {
    const { processId } = params;
    await this.result('process/start', { ...params, pipeStdin: true });
    await this.hearsText(processId, text);
    await this.tells(processId, 'go\n');
    return this.lifeOf(processId);
  }

  /** Writes a text to a process; once for each process and text. */
  async tells(processId: string, text: string): Promise<void> {
    await this.result('process/write', { processId, chunk: base64(text), writeId: text });
  }

  /** Everything a process did, once it has closed. */
  async lifeOf(processId: string): Promise<Life> {
    const { params } = await this.hears(processId, 'process/closed');
    const { seq } = params as { seq: number };
    await this.wire.next(() => this.wire.eventsOf(processId).length === seq);
    return new Life(this.wire.eventsOf(processId));
  }

  /** Waits for the first notification of a kind about a process. */
  async hears(processId: string, method: string): Promise<WireMessage> {
    return this.wire.next((message) => {
      const params = message['params'] as { processId?: string } | undefined;
      return message['method'] === method && params?.processId === processId;
    });
  }

  /** Waits until a process has written a text; gives everything heard of it so far. */
  async hearsText(processId: string, text: string): Promise<string> {
    let heard = '';
    await this.wire.next(() => {
      const chunks = this.wire.eventsOf(processId).map(({ params }) => params.chunk ?? '');
      heard = Buffer.concat(chunks.map((chunk) => Buffer.from(chunk, 'base64'))).toString();
      return heard.includes(text);
    });
    return heard;
  }

  /** Compares anything with what this side is expected to show. */
  sees(actual: unknown, expected: unknown): void {
    expect(actual).toEqual(expectedOf(this.side, expected));
  }

  /** Asks what never fails, and waits for the answer: everything sent before has been dealt with. */
  private async isAnswered(): Promise<void> {
    const id = `conformance-mark-${(this.marks += 1)}`;
    this.wire.sendRaw(JSON.stringify({ id, method: 'environment/status' }));
    await this.wire.next((message) => message['id'] === id);
  }
}

/** The members of `process/start` that have no default. */
export interface StartParams {
  readonly processId: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly tty: boolean;
  readonly [more: string]: unknown;
}

/** The bytes of a text as they travel. */
export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
