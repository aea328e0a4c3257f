import type { Clock } from '../base/clock';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import type { MessageTransport, TransportEnd } from '../rpc/transport';
import type { ExecServerEndpoint } from './execServerClient';

/** What connecting needs besides the endpoint. */
export interface ConnectSurroundings {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One connection to an exec-server, and what is known of its other end. */
export interface ServerConnection {
  readonly transport: MessageTransport;
  /** Whether a session can be taken up again over another connection to the same endpoint. */
  readonly isResumable: boolean;
  /** For people; a program is asked for its last words. Empty when there is nothing to say. */
  describeEnd(end: TransportEnd): string | Promise<string>;
  /** Ends it without a word, a program included. */
  cut(): void;
  /** Settles when nothing of it is left here: no socket, no program. */
  readonly gone: Promise<void>;
}

/**
 * Opens a connection.
 *
 * @throws ExecServerError `invalidArguments`, `authenticationFailed` or `connectionClosed`.
 */
export type Connect = (
  endpoint: ExecServerEndpoint,
  surroundings: ConnectSurroundings,
) => Promise<ServerConnection>;
