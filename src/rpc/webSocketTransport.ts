import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import type { Clock } from '../base/clock';
import { Deferred } from '../base/deferred';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import { MutableDisposable } from '../base/lifecycle';
import type { OutgoingMessage } from '../protocol/outgoingMessage';
import { bytesOfMessage } from '../protocol/outgoingMessage';
import { CloseCode, closeReason } from './closeCodes';
import type { SlabPool } from './frameWriter';
import { FrameWriter } from './frameWriter';
import type { MessageTransport, TransportEnd } from './transport';

export type WebSocketTransportLimits = Pick<
  Limits,
  'sendQueueHighBytes' | 'sendQueueLowBytes' | 'pingIntervalMs' | 'deadConnectionMs'
>;

export interface WebSocketTransportOptions {
  readonly socket: WebSocket;
  readonly peer: string;
  readonly limits: WebSocketTransportLimits;
  readonly clock: Clock;
  /** What lies below, at the serving end: messages are written onto it directly, without masks. */
  readonly stream?: { readonly socket: Socket; readonly slabs: SlabPool };
}

/** How far both directions had come at a moment. */
interface Progress {
  readonly receivedBytes: number;
  readonly queuedBytes: number;
  readonly leftBytes: number;
}

/** An open WebSocket behind the transport seam: text out, text or binary in, pings against silent death. */
export class WebSocketTransport implements MessageTransport {
  private readonly receiveEmitter = new Emitter<Buffer>();
  private readonly endEmitter = new Emitter<TransportEnd>();
  private readonly congestionEmitter = new Emitter<boolean>();
  private readonly pingTimer = new MutableDisposable<Disposable>();
  private readonly aliveProbes = new Set<Deferred<boolean>>();
  private congested = false;
  private closing = false;
  private ended = false;
  private receivingPaused = false;
  private heardSincePing = true;
  private sentBytes = 0;
  private progressAtPing: Progress;
  private silentMs = 0;

  readonly medium = 'websocket';
  readonly takesBinary = true;
  readonly peer: string;
  readonly onDidReceive = this.receiveEmitter.event;
  readonly onDidEnd = this.endEmitter.event;
  readonly onDidChangeCongestion = this.congestionEmitter.event;

  private readonly socket: WebSocket;
  private readonly limits: WebSocketTransportLimits;
  private readonly clock: Clock;
  private readonly stream: Socket | undefined;
  private readonly writer: FrameWriter | undefined;

  constructor(options: WebSocketTransportOptions) {
    const { socket, peer, limits, clock } = options;
    this.socket = socket;
    this.peer = peer;
    this.limits = limits;
    this.clock = clock;
    const { stream } = options;
    this.stream = stream?.socket;
    this.writer =
      stream === undefined
        ? undefined
        : new FrameWriter(stream.socket, stream.slabs, this.canWrite, this.onFlushed);
    this.progressAtPing = this.progress();
    socket.on('message', (data: Buffer) => {
      this.heardSincePing = true;
      // What crosses our close frame on its way must have no effect any more.
      if (!this.closing) this.receiveEmitter.fire(data);
    });
    socket.on('pong', () => {
      this.heardSincePing = true;
      this.settleProbes(true);
    });
    socket.on('ping', () => {
      this.heardSincePing = true;
    });
    // The library follows every error with a close; the close is what counts.
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      this.end({ code, reason: reason.toString() });
    });
    this.schedulePing();
  }

  get isOpen(): boolean {
    return !this.ended && !this.closing && this.socket.readyState === WebSocket.OPEN;
  }

  get isCongested(): boolean {
    return this.congested;
  }

  get queuedBytes(): number {
    return this.writer?.queuedBytes ?? this.socket.bufferedAmount;
  }

  send(message: OutgoingMessage): void {
    if (!this.isOpen) return;
    this.sentBytes += this.write(message);
    if (this.congested || this.queuedBytes <= this.limits.sendQueueHighBytes) return;
    this.congested = true;
    this.congestionEmitter.fire(true);
  }

  setReceivingPaused(paused: boolean): void {
    if (this.receivingPaused === paused || !this.isOpen) return;
    this.receivingPaused = paused;
    if (paused) this.socket.pause();
    else {
      // Its answers were waiting for us; the next ping asks again.
      this.heardSincePing = true;
      this.socket.resume();
    }
  }

  isAlive(timeoutMs: number): Promise<boolean> {
    if (!this.isOpen) return Promise.resolve(false);
    // Answers wait unread on a paused socket; one that only waits for our work was just heard.
    if (this.receivingPaused && !this.congested) return Promise.resolve(true);
    const probe = new Deferred<boolean>();
    this.aliveProbes.add(probe);
    this.writer?.flush();
    const before = this.progress();
    this.socket.ping();
    const timer = this.clock.schedule(() => {
      // When it was this process that was busy, the answer lies in the socket and is read before this.
      setImmediate(() => {
        this.aliveProbes.delete(probe);
        probe.resolve(this.hasProgressed(before));
      });
    }, timeoutMs);
    return probe.promise.finally(() => {
      timer.dispose();
    });
  }

  close(code: number, reason: string): void {
    if (this.ended || this.closing) return;
    this.writer?.flush();
    this.closing = true;
    // Reading goes on while closing, because the answer to the close frame comes that way.
    this.socket.resume();
    this.socket.close(code, closeReason(reason));
  }

  dispose(): void {
    if (this.ended) return;
    this.socket.terminate();
    this.end({ code: CloseCode.abnormal, reason: '' });
  }

  /** @returns the bytes of the message. */
  private write(message: OutgoingMessage): number {
    if (this.writer !== undefined) return this.writer.write(message);
    const data = typeof message === 'string' ? message : bytesOfMessage(message);
    const binary = typeof message !== 'string' && message.isBinary === true;
    this.socket.send(data, { binary }, this.onFlushed);
    return data.length;
  }

  private readonly canWrite = (): boolean => this.socket.readyState === WebSocket.OPEN;

  private readonly onFlushed = (): void => {
    if (!this.congested || this.ended) return;
    if (this.queuedBytes > this.limits.sendQueueLowBytes) return;
    this.congested = false;
    this.congestionEmitter.fire(false);
  };

  private schedulePing(): void {
    this.pingTimer.value = this.clock.schedule(() => {
      // Counted in pings and not read from the clock: after a sleep of the machine nobody is dead yet.
      this.silentMs = this.hasShownLife() ? 0 : this.silentMs + this.limits.pingIntervalMs;
      if (this.silentMs >= this.limits.deadConnectionMs) {
        this.socket.terminate();
        return;
      }
      this.heardSincePing = false;
      this.progressAtPing = this.progress();
      this.writer?.flush();
      if (this.isOpen) this.socket.ping();
      this.schedulePing();
    }, this.limits.pingIntervalMs);
  }

  /** Since the last ping: heard, or seen to move, or not listened to and not stuck itself. */
  private hasShownLife(): boolean {
    if (this.heardSincePing || this.hasProgressed(this.progressAtPing)) return true;
    return this.receivingPaused && !this.congested;
  }

  private progress(): Progress {
    const { queuedBytes } = this;
    return {
      receivedBytes: this.stream?.bytesRead ?? 0,
      queuedBytes,
      leftBytes: this.sentBytes - queuedBytes,
    };
  }

  /**
   * A ping waits behind a long answer on its way out, and the answer to it behind a long message on its
   * way in. Bytes that leave a queue leave it because the other end takes them; without a queue they
   * only leave for the system's buffer, which tells nothing.
   */
  private hasProgressed(since: Progress): boolean {
    const now = this.progress();
    if (now.receivedBytes > since.receivedBytes) return true;
    return since.queuedBytes > 0 && now.leftBytes > since.leftBytes;
  }

  private settleProbes(alive: boolean): void {
    for (const probe of this.aliveProbes) probe.resolve(alive);
    this.aliveProbes.clear();
  }

  private end(how: TransportEnd): void {
    if (this.ended) return;
    this.ended = true;
    this.pingTimer.dispose();
    this.settleProbes(false);
    this.endEmitter.fire(how);
    this.receiveEmitter.dispose();
    this.endEmitter.dispose();
    this.congestionEmitter.dispose();
  }
}
