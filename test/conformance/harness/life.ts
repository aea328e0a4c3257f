import type { ProcessEventParams } from '../../support/wireClient';

interface ProcessEvent {
  readonly method: string;
  readonly params: ProcessEventParams & { readonly sandboxDenied?: boolean };
}

/**
 * What a process did, in the order of the numbers of its notifications. Holds for every process of either
 * server: the numbers begin at 1 and have no holes, `closed` is the last, and there is one `exited`.
 */
export class Life {
  readonly exitCode: number | undefined;
  readonly sandboxDenied: boolean | undefined;

  /** Whether the notifications came in the order of their numbers; the peer mixes them up under load. */
  readonly cameInOrder: boolean;
  private readonly events: readonly ProcessEvent[];

  constructor(received: readonly ProcessEvent[]) {
    const events = [...received].sort((a, b) => a.params.seq - b.params.seq);
    const numbers = events.map(({ params }) => params.seq);
    if (numbers.some((seq, index) => seq !== index + 1)) {
      throw new Error(`The numbers of the events are ${numbers.join(' ').slice(0, 500)}`);
    }
    this.events = events;
    this.cameInOrder = events.every((event, index) => event === received[index]);
    const exits = events.filter(({ method }) => method === 'process/exited');
    if (exits.length !== 1 || events.at(-1)?.method !== 'process/closed') {
      throw new Error(`The events are ${events.map(({ method }) => method).join(' ')}`);
    }
    this.exitCode = exits[0]?.params.exitCode;
    this.sandboxDenied = exits[0]?.params.sandboxDenied;
  }

  /** The kinds of events in order, output in a row counted once. */
  get order(): string[] {
    const kinds = this.events.map(({ method }) => method.replace('process/', ''));
    return kinds.filter((kind, index) => kind !== 'output' || kinds[index - 1] !== 'output');
  }

  /** Everything written to one stream; where chunks begin and end is nobody's business. */
  bytes(stream: string): Buffer {
    return Buffer.concat(this.chunks(stream));
  }

  get longestChunk(): number {
    return Math.max(0, ...this.chunks().map((chunk) => chunk.length));
  }

  /** The numbers of the output, with a hole where the exit is. */
  get outputSeqs(): number[] {
    return this.events.flatMap(({ params }) => (params.chunk === undefined ? [] : [params.seq]));
  }

  get lastSeq(): number {
    return this.events.length;
  }

  /** The streams as texts and the exit code, for a comparison in one piece. */
  get facts(): Readonly<Record<string, unknown>> {
    const streams = ['stdout', 'stderr', 'pty'].filter((name) => this.chunks(name).length > 0);
    return {
      ...Object.fromEntries(streams.map((name) => [name, this.bytes(name).toString()])),
      exitCode: this.exitCode,
    };
  }

  private chunks(stream?: string): Buffer[] {
    return this.events.flatMap(({ params }) =>
      params.chunk === undefined || (stream !== undefined && params.stream !== stream)
        ? []
        : [Buffer.from(params.chunk, 'base64')],
    );
  }
}
