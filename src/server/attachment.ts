import type { Event } from '../base/event';

/** A connection in its role as the one a session talks to. */
export interface Attachment {
  /** Sends one encoded notification. */
  notify(message: string): void;
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
