import type { Event } from '../base/event';
import type { Disposable } from '../base/lifecycle';
import type { Environment } from './environment';

/**
 * What has changed: the place itself, with it possibly everything; only what may be done there; only
 * whether it can be reached.
 */
export type EnvironmentChange = 'environment' | 'capabilities' | 'health';

/** The current environment, for those who serve calls: they ask at call time and keep nothing. */
export interface EnvironmentSource {
  readonly current: Environment;
  /** Fires after the change. */
  readonly onDidChange: Event<EnvironmentChange>;
}

/** Whether an environment can be reached; `reason` says why not, for people. */
export interface EnvironmentHealth {
  readonly kind: 'ready' | 'connecting' | 'recovering' | 'unreachable';
  readonly reason?: string | undefined;
}

/** An environment behind a connection, which may be lost and come back. */
export interface ConnectedEnvironment extends Environment, Disposable {
  readonly health: EnvironmentHealth;
  readonly onDidChangeHealth: Event<EnvironmentHealth>;
  /** What it says about itself may be another thing now: `info`, `capabilities`, `pathStyle`, `cwd`. */
  readonly onDidChangeInfo: Event<void>;
  /** What can be said about the place so far: where it is, once that is known. */
  readonly cwd: string | undefined;
  /** Tries at once instead of at the next turn; resolves when the attempt is over, however it ended. */
  reconnect(): Promise<void>;
  /**
   * Lets go of the place as far as nothing runs there: no more starts, and what runs goes on with its
   * session. Resolves when the last of it has closed and no connection is left.
   */
  retire(): Promise<void>;
}
