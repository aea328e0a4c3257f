import type { Attachment } from './attachment';
import type { HttpCalls } from './httpCalls';
import type { MissingWatch } from './missingWatch';
import type { OpenFiles } from './openFiles';
import type { Session } from './session';

/** How far a connection has come: `initialize` gives it a session, `initialized` opens it. */
export type HandshakeState = 'awaitingInitialize' | 'awaitingInitialized' | 'ready';

/** What a handler knows about the connection its request came from. */
export interface CallContext {
  readonly attachment: Attachment;
  readonly handshake: HandshakeState;
  /** The connection's session. The handshake gate lets no handler but `initialize` run without one. */
  readonly session: Session;
  /** What ends with the connection and is no part of the session. */
  readonly openFiles: OpenFiles;
  readonly httpCalls: HttpCalls;
  readonly missingWatch: MissingWatch;
  /** Lets output go out as it is from here on. @returns false where the connection carries text only. */
  useBinaryOutput(): boolean;
  /** Binds the connection to its session; called once, by a successful `initialize`. */
  bind(session: Session): void;
}
