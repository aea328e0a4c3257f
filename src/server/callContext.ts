import type { Attachment } from './attachment';
import type { Session } from './session';

/** How far a connection has come: `initialize` gives it a session, `initialized` opens it. */
export type HandshakeState = 'awaitingInitialize' | 'awaitingInitialized' | 'ready';

/** What a handler knows about the connection its request came from. */
export interface CallContext {
  readonly attachment: Attachment;
  readonly handshake: HandshakeState;
  /** The connection's session. The handshake gate lets no handler but `initialize` run without one. */
  readonly session: Session;
  /** Binds the connection to its session; called once, by a successful `initialize`. */
  bind(session: Session): void;
}
