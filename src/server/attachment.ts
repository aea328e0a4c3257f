import type { Event } from '../base/event';
import type { OutgoingMessage } from '../protocol/outgoingMessage';

/** A connection in its role as the one a session talks to. */
export interface Attachment {
  /** Whether its client asked for output as it is. */
  readonly binaryOutput: boolean;
  /** Sends one encoded notification. */
  notify(message: OutgoingMessage): void;
  /** Whether the connection still goes both ways. */
  readonly isOpen: boolean;
  /** Whether the connection takes bulk data slower than it is made; sources should pause. */
  readonly isCongested: boolean;
  readonly onDidChangeCongestion: Event<boolean>;
  /** Whether the client answers a ping within `timeoutMs`. */
  isAlive(timeoutMs: number): Promise<boolean>;
  /** Ends the connection because its session went to another one. */
  evict(): void;
  /** Ends the connection because its session is over; the reason is shown to the client. */
  dismiss(reason: string): void;
}
