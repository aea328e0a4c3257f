import { isDeepStrictEqual } from 'node:util';
import { toError } from '../base/errors';
import type { Event } from '../base/event';
import { Emitter } from '../base/event';
import type { Disposable } from '../base/lifecycle';
import { DisposableStore, MutableDisposable } from '../base/lifecycle';
import type { Logger } from '../base/logger';
import { redactSecrets } from '../base/logger';
import type { Capabilities, Environment } from './environment';
import type { EnvironmentChoice, RemoteTarget } from './environmentChoice';
import { describeEndpoint } from './environmentChoice';
import type {
  ConnectedEnvironment,
  EnvironmentChange,
  EnvironmentHealth,
  EnvironmentSource,
} from './environmentSource';
import { LimitedEnvironment } from './limitedEnvironment';

export interface EnvironmentManagerOptions {
  readonly local: Environment;
  readonly disabled: Environment;
  /** Makes the environment of a remote, which connects by itself. */
  readonly createRemote: (target: RemoteTarget) => ConnectedEnvironment;
  /** Where calls go at first. */
  readonly choice: EnvironmentChoice;
  /** What the user allows at all, wherever calls go. */
  readonly capabilities: Capabilities;
  readonly logger: Logger;
}

/** The current environment as it is shown to people. */
export interface EnvironmentSituation {
  readonly mode: EnvironmentChoice['mode'];
  /** The user's name for a remote, and how it is reached, without a token. */
  readonly remote?: { readonly name: string; readonly address: string };
  readonly health: EnvironmentHealth['kind'];
  /** Why it is not ready. */
  readonly reason?: string;
  readonly capabilities: Capabilities;
  /** Where a remote is, once that is known: as it names the place. */
  readonly cwd?: string;
}

/**
 * The environment that was current before another one was set. A remote lets go by itself when nothing
 * runs there any more, and at once when this is disposed: what runs is lost to its sessions then.
 */
export interface LeftEnvironment extends Disposable {
  readonly mode: EnvironmentChoice['mode'];
  /** With `remote` only. */
  readonly remoteName: string | undefined;
}

/** Where calls go now; with a connection when that is elsewhere. */
interface Place {
  readonly choice: EnvironmentChoice;
  readonly environment: Environment;
  readonly connection: ConnectedEnvironment | undefined;
}

/**
 * Knows which environment is current. At most one remote is; those that were stay connected for as long
 * as something runs there, because its sessions go on.
 *
 *   current ──set──► retired ──nothing runs there, or the user wants it ended──► gone
 */
export class EnvironmentManager implements EnvironmentSource, Disposable {
  private readonly changeEmitter = new Emitter<EnvironmentChange>();
  private readonly subscriptions = new MutableDisposable<DisposableStore>();
  private readonly retired = new Set<ConnectedEnvironment>();
  private capabilities: Capabilities;
  private place: Place;
  private limited: Environment;
  private disposed = false;

  readonly onDidChange: Event<EnvironmentChange> = this.changeEmitter.event;

  constructor(private readonly options: EnvironmentManagerOptions) {
    this.capabilities = options.capabilities;
    this.place = this.enter(options.choice);
    this.limited = new LimitedEnvironment(this.place.environment, this.capabilities);
  }

  get current(): Environment {
    return this.limited;
  }

  get mode(): EnvironmentChoice['mode'] {
    return this.place.choice.mode;
  }

  /** The name of the remote that is current. */
  get remoteName(): string | undefined {
    const { choice } = this.place;
    return choice.mode === 'remote' ? choice.remote.name : undefined;
  }

  /** Makes another environment current; the same one again keeps its connection. */
  set(choice: EnvironmentChoice): LeftEnvironment {
    const { place, mode, remoteName } = this;
    if (this.disposed || isDeepStrictEqual(choice, place.choice)) {
      return { mode, remoteName, dispose: () => undefined };
    }
    this.place = this.enter(choice);
    this.limited = new LimitedEnvironment(this.place.environment, this.capabilities);
    const dispose = place.connection === undefined ? undefined : this.retire(place.connection);
    this.changeEmitter.fire('environment');
    return { mode, remoteName, dispose: dispose ?? (() => undefined) };
  }

  /** What the user allows from now on, wherever calls go. */
  setCapabilities(capabilities: Capabilities): void {
    const { exec, filesystem } = this.capabilities;
    if (exec === capabilities.exec && filesystem === capabilities.filesystem) return;
    this.capabilities = { exec: capabilities.exec, filesystem: capabilities.filesystem };
    this.limited = new LimitedEnvironment(this.place.environment, this.capabilities);
    this.changeEmitter.fire('capabilities');
  }

  /** Tries at once to reach the remote; over when that is, however it ended. */
  async reconnect(): Promise<void> {
    await this.place.connection?.reconnect();
  }

  situation(): EnvironmentSituation {
    const { choice, connection } = this.place;
    const { exec, filesystem } = this.current.capabilities;
    const capabilities = { exec, filesystem };
    if (choice.mode !== 'remote' || connection === undefined) {
      return { mode: choice.mode, health: 'ready', capabilities };
    }
    const { health, cwd } = connection;
    return {
      mode: choice.mode,
      remote: {
        name: choice.remote.name,
        address: redactSecrets(describeEndpoint(choice.remote.endpoint)),
      },
      health: health.kind,
      ...(health.reason !== undefined && { reason: redactSecrets(health.reason) }),
      capabilities,
      ...(cwd !== undefined && { cwd }),
    };
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.subscriptions.dispose();
    this.place.connection?.dispose();
    for (const connection of this.retired) connection.dispose();
    this.retired.clear();
    this.changeEmitter.dispose();
  }

  private enter(choice: EnvironmentChoice): Place {
    if (choice.mode !== 'remote') {
      this.subscriptions.value = undefined;
      return { choice, environment: this.options[choice.mode], connection: undefined };
    }
    const connection = this.options.createRemote(choice.remote);
    const subscriptions = new DisposableStore();
    subscriptions.add(
      connection.onDidChangeHealth(() => {
        this.changeEmitter.fire('health');
      }),
    );
    subscriptions.add(
      connection.onDidChangeInfo(() => {
        this.changeEmitter.fire('capabilities');
      }),
    );
    this.subscriptions.value = subscriptions;
    return { choice, environment: connection, connection };
  }

  /** @returns lets go of it at once. */
  private retire(connection: ConnectedEnvironment): () => void {
    this.retired.add(connection);
    const dispose = (): void => {
      if (this.retired.delete(connection)) connection.dispose();
    };
    connection.retire().then(dispose, (error: unknown) => {
      this.options.logger.error('failed to let go of a remote', { reason: toError(error).message });
      dispose();
    });
    return dispose;
  }
}
