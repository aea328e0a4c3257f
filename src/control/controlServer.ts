import type { Clock } from '../base/clock';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import { DisposableStore } from '../base/lifecycle';
import type { LogLevel, Logger } from '../base/logger';
import type { EnvironmentManager } from '../environment/environmentManager';
import { AccessToken } from '../server/accessToken';
import type { ExecServer } from '../server/execServer';
import { AGENT_PATH } from '../server/execServer';
import type { Door } from '../server/listener';
import { ControlConnection } from './controlConnection';
import type { ControlNotificationMethod, ControlNotificationParams } from './controlConnection';
import type { ExecutorSettings, ListenerView, NoticeNotification, Snapshot } from './messages';
import { WatchedState } from './watchedState';

/** Owner windows at once. Two overlap for a moment when a window reloads. */
const MAX_OWNERS = 4;

export interface ControlServerOptions {
  readonly executor: Snapshot['executor'];
  readonly environments: EnvironmentManager;
  readonly applySettings: (settings: ExecutorSettings) => void;
  /** Ends the executor; called after the request has been answered. */
  readonly shutDown: (reason: string) => void;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
}

/** The executor's end of the control channel: tells owners what is, and does what they ask. */
export class ControlServer implements Disposable {
  private readonly store = new DisposableStore();
  private readonly owners = new Set<ControlConnection>();
  private readonly ownersEmitter = new Emitter<number>();
  private watched: { server: ExecServer; state: WatchedState } | undefined;

  /** Opens `/control`; agents never get it. */
  readonly ownerToken = AccessToken.random();
  /** The number of owner windows changed. */
  readonly onDidChangeOwners = this.ownersEmitter.event;

  constructor(readonly options: ControlServerOptions) {}

  /** The control channel's place on the listener. */
  get door(): Door {
    return {
      token: () => this.ownerToken,
      tokenInQuery: false,
      maxConnections: MAX_OWNERS,
      accept: (transport) => {
        const { logger, limits } = this.options;
        const owner = new ControlConnection({
          transport,
          control: this,
          limits,
          logger: logger.child('control'),
          onDidEnd: () => {
            this.owners.delete(owner);
            this.ownersEmitter.fire(this.owners.size);
          },
        });
        this.owners.add(owner);
        this.ownersEmitter.fire(this.owners.size);
      },
    };
  }

  /** Begins to watch the server whose listener carries the door. */
  watch(server: ExecServer): void {
    const { clock, limits, environments } = this.options;
    const state = this.store.add(new WatchedState(server.sessions, clock, limits));
    this.watched = { server, state };
    this.store.add(
      state.onDidChange((changes) => {
        this.tell('control/changed', changes);
      }),
    );
    this.store.add(
      server.onDidChangeConnections((path) => {
        if (path === AGENT_PATH) this.tell('control/changed', { listener: this.listenerView() });
      }),
    );
    this.store.add(
      environments.onDidChangeMode(() => {
        this.tell('control/changed', { mode: environments.mode });
      }),
    );
    this.store.add(
      server.onDidBurstAuthFailures((count) => {
        this.giveNotice({
          code: 'authFailures',
          message: `${count} connections with a wrong token within a minute were refused.`,
        });
      }),
    );
  }

  get server(): ExecServer {
    return this.requireWatched().server;
  }

  get state(): WatchedState {
    return this.requireWatched().state;
  }

  snapshot(): Snapshot {
    const { executor, environments } = this.options;
    return {
      executor,
      listener: this.listenerView(),
      mode: environments.mode,
      ...this.state.snapshot(),
    };
  }

  listenerView(): ListenerView {
    const { server } = this;
    return {
      port: server.port,
      url: server.url,
      token: server.token?.reveal() ?? '',
      connections: server.connectionCount,
    };
  }

  /** Sends a log line to every owner; what happens while nobody is there is not kept. */
  log(level: LogLevel, line: string): void {
    this.tell('control/log', { level, line });
  }

  dispose(): void {
    this.store.dispose();
    this.ownersEmitter.dispose();
  }

  private giveNotice(notice: NoticeNotification): void {
    this.tell('control/notice', notice);
  }

  private tell<M extends ControlNotificationMethod>(
    method: M,
    params: ControlNotificationParams<M>,
  ): void {
    for (const owner of this.owners) owner.tell(method, params);
  }

  private requireWatched(): { server: ExecServer; state: WatchedState } {
    if (this.watched === undefined) throw new Error('The control server watches nothing yet');
    return this.watched;
  }
}
