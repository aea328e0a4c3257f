import { Emitter } from '../../src/base/event';
import type { OutgoingMessage } from '../../src/protocol/outgoingMessage';
import { bytesOfMessage } from '../../src/protocol/outgoingMessage';
import { CloseCode } from '../../src/rpc/closeCodes';
import type { MessageTransport, TransportEnd } from '../../src/rpc/transport';

/** One end of a pair in memory: what one sends the other receives in the same turn. */
export class LinkedTransport implements MessageTransport {
  private readonly receiveEmitter = new Emitter<Buffer>();
  private readonly endEmitter = new Emitter<TransportEnd>();
  private readonly congestionEmitter = new Emitter<boolean>();
  private readonly held: Buffer[] = [];
  private other: LinkedTransport | undefined;
  private congested = false;
  private ended = false;
  /** Everything sent from this end, decoded. */
  readonly sent: unknown[] = [];
  /** Every change of the pause, in order. */
  readonly pauses: boolean[] = [];
  /** How the connection ended, as seen from here. */
  end: TransportEnd | undefined;
  /** What a ping of this end's peer is answered with; tests replace it. */
  answersPings = true;
  queuedBytes = 0;

  readonly medium = 'websocket';
  readonly takesBinary = false;
  readonly onDidReceive = this.receiveEmitter.event;
  readonly onDidEnd = this.endEmitter.event;
  readonly onDidChangeCongestion = this.congestionEmitter.event;

  constructor(readonly peer: string) {}

  link(other: LinkedTransport): void {
    this.other = other;
  }

  /** The same of the other end. */
  get otherPauses(): readonly boolean[] {
    return this.other?.pauses ?? [];
  }

  /** Everything the other end has sent, decoded. */
  get otherSent(): readonly unknown[] {
    return this.other?.sent ?? [];
  }

  get isOpen(): boolean {
    return !this.ended;
  }

  get isCongested(): boolean {
    return this.congested;
  }

  setCongested(congested: boolean, queuedBytes: number): void {
    this.queuedBytes = queuedBytes;
    this.congested = congested;
    this.congestionEmitter.fire(congested);
  }

  send(message: OutgoingMessage): void {
    if (this.ended) return;
    const bytes = bytesOfMessage(message);
    this.sent.push(JSON.parse(bytes.toString()));
    this.other?.deliver(bytes);
  }

  setReceivingPaused(paused: boolean): void {
    this.pauses.push(paused);
    while (this.pauses.at(-1) === false) {
      const message = this.held.shift();
      if (message === undefined) return;
      this.receiveEmitter.fire(message);
    }
  }

  isAlive(): Promise<boolean> {
    return Promise.resolve(!this.ended && this.answersPings);
  }

  close(code: number, reason: string): void {
    const { other } = this;
    this.finish({ code, reason });
    other?.finish({ code, reason });
  }

  dispose(): void {
    this.close(CloseCode.abnormal, '');
  }

  private deliver(message: Buffer): void {
    if (this.ended) return;
    if (this.pauses.at(-1) === true) this.held.push(message);
    else this.receiveEmitter.fire(message);
  }

  private finish(end: TransportEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.end = end;
    this.endEmitter.fire(end);
  }
}

/** Two ends of one connection. */
export function linkedTransports(): { server: LinkedTransport; client: LinkedTransport } {
  const server = new LinkedTransport('client:1');
  const client = new LinkedTransport('server:1');
  server.link(client);
  client.link(server);
  return { server, client };
}
