import type { Disposable } from '../base/lifecycle';
import type { Event } from '../base/event';
import type { OutgoingMessage } from '../protocol/outgoingMessage';

/** How a connection came to its end. */
export interface TransportEnd {
  /** The WebSocket close code; 1006 when the socket just went. */
  readonly code: number;
  readonly reason: string;
}

/**
 * Moves whole messages both ways and knows nothing of what they mean. Disposing cuts the connection
 * without a word; `close` is the polite way.
 */
export interface MessageTransport extends Disposable {
  /** What the messages come over, for error texts. */
  readonly medium: 'websocket' | 'stdio';
  /** Whether a message may be something else than text. */
  readonly takesBinary: boolean;
  /** The other end, for logs and error texts, such as `127.0.0.1:50000`. */
  readonly peer: string;
  readonly onDidReceive: Event<Buffer>;
  /** False once either end has begun to close: nothing is received any more, and nothing sent. */
  readonly isOpen: boolean;
  /** Fires once. Nothing is received after it, and what is sent after it is dropped. */
  readonly onDidEnd: Event<TransportEnd>;
  /**
   * Whether the send queue has grown above its high mark and is not below its low mark again, so that
   * sources of bulk data should pause; and the changes of it.
   */
  readonly isCongested: boolean;
  /** Bytes in the send queue. */
  readonly queuedBytes: number;
  readonly onDidChangeCongestion: Event<boolean>;

  /** Queues one message. */
  send(message: OutgoingMessage): void;

  /** Stops reading from the socket, so that the sender feels it; and goes on. */
  setReceivingPaused(paused: boolean): void;

  /** Whether the other end answers a ping within `timeoutMs`; false as soon as the connection ends. */
  isAlive(timeoutMs: number): Promise<boolean>;

  /** Sends a close frame and waits a bounded time for its answer. The first call decides code and reason. */
  close(code: number, reason: string): void;
}
