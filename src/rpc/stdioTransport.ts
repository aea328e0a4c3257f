import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../base/clock';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import { MutableDisposable } from '../base/lifecycle';
import type { OutgoingMessage } from '../protocol/outgoingMessage';
import { bytesOfMessage } from '../protocol/outgoingMessage';
import { CloseCode, tooLargeReason } from './closeCodes';
import { LineSplitter } from './lineSplitter';
import type { MessageTransport, TransportEnd } from './transport';

export interface StdioTransportOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly limits: Pick<Limits, 'maxMessageBytes' | 'sendQueueHighBytes' | 'closeHandshakeMs'>;
  readonly clock: Clock;
}

/**
 * A pair of streams behind the transport seam, one message a line. There is no close frame: the end of
 * the input is the other end's goodbye, and ours is the end of the output. What was sent by then is
 * still written, for as long as a close handshake may take.
 */
export class StdioTransport implements MessageTransport {
  private readonly receiveEmitter = new Emitter<Buffer>();
  private readonly endEmitter = new Emitter<TransportEnd>();
  private readonly congestionEmitter = new Emitter<boolean>();
  private readonly closeTimer = new MutableDisposable();
  private readonly lines: LineSplitter;
  private congested = false;
  private closing = false;
  private ended = false;

  readonly medium = 'stdio';
  readonly takesBinary = false;
  readonly peer = 'stdio';
  readonly onDidReceive = this.receiveEmitter.event;
  readonly onDidEnd = this.endEmitter.event;
  readonly onDidChangeCongestion = this.congestionEmitter.event;

  constructor(private readonly options: StdioTransportOptions) {
    const { input, output, limits } = options;
    this.lines = new LineSplitter(limits.maxMessageBytes);
    input.on('data', this.receive);
    input.once('end', () => {
      this.deliver(this.lines.rest());
      this.close(CloseCode.normal, 'end of input');
    });
    const fail = ({ message }: Error): void => {
      this.end({ code: CloseCode.abnormal, reason: message });
    };
    // Both may fail again after the end; nobody is interested then, but nobody may be surprised either.
    input.on('error', fail);
    output.on('error', fail);
    output.on('drain', () => {
      if (!this.congested || this.ended) return;
      this.congested = false;
      this.congestionEmitter.fire(false);
    });
  }

  get isOpen(): boolean {
    return !this.ended && !this.closing;
  }

  get isCongested(): boolean {
    return this.congested;
  }

  get queuedBytes(): number {
    return this.options.output.writableLength;
  }

  send(message: OutgoingMessage): void {
    if (!this.isOpen) return;
    const { output, limits } = this.options;
    output.cork();
    output.write(bytesOfMessage(message));
    output.write('\n');
    output.uncork();
    if (this.congested || this.queuedBytes <= limits.sendQueueHighBytes) return;
    this.congested = true;
    this.congestionEmitter.fire(true);
  }

  setReceivingPaused(paused: boolean): void {
    if (!this.isOpen) return;
    if (paused) this.options.input.pause();
    else this.options.input.resume();
  }

  /** The end of a pipe is known at once, so that there is nothing to ask. */
  isAlive(): Promise<boolean> {
    return Promise.resolve(this.isOpen);
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.closing = true;
    const { output, limits, clock } = this.options;
    const finish = (): void => {
      this.end({ code, reason });
    };
    this.closeTimer.value = clock.schedule(finish, limits.closeHandshakeMs);
    output.end(finish);
  }

  dispose(): void {
    this.end({ code: CloseCode.abnormal, reason: '' });
  }

  private readonly receive = (chunk: Buffer): void => {
    const fits = this.lines.push(chunk, (line) => {
      this.deliver(line);
    });
    if (fits) return;
    this.close(CloseCode.tooLarge, tooLargeReason(this.options.limits.maxMessageBytes));
  };

  private deliver(line: Buffer): void {
    // What is already on its way when we close must have no effect any more.
    if (this.isOpen && !isBlank(line)) this.receiveEmitter.fire(line);
  }

  private end(how: TransportEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.closeTimer.dispose();
    this.options.input.off('data', this.receive);
    this.options.input.pause();
    this.endEmitter.fire(how);
    this.receiveEmitter.dispose();
    this.endEmitter.dispose();
    this.congestionEmitter.dispose();
  }
}

/** White space of JSON only; the first other byte decides, so that a long message costs nothing. */
function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
