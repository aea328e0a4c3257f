import type { Clock } from '../base/clock';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import { DisposableStore } from '../base/lifecycle';
import type { Logger } from '../base/logger';
import type { EnvironmentChoice } from '../environment/environmentChoice';
import type { EnvironmentManager, LeftEnvironment } from '../environment/environmentManager';
import { AccessToken } from '../server/accessToken';
import type { ExecServer } from '../server/execServer';
import { AGENT_PATH } from '../server/execServer';
import type { Door } from '../server/listener';
import type { SessionProcess } from '../server/sessionProcess';
import { ControlConnection } from './controlConnection';
import type { ControlNotificationMethod, ControlNotificationParams } from './controlConnection';
import type {
  EnvironmentView,
  ExecutorSettings,
  ListenerView,
  NoticeNotification,
  Snapshot,
} from './messages';
import type { RecentLog } from './recentLog';
import { WatchedState } from './watchedState';

export interface ControlServerOptions {
  readonly executor: Snapshot['executor'];
  readonly environments: EnvironmentManager;
  /** @throws RpcError −32600 for a choice that cannot be, such as this executor itself. */
  readonly setEnvironment: (choice: EnvironmentChoice) => Promise<LeftEnvironment>;
  readonly applySettings: (settings: ExecutorSettings) => void;
  /** Whether programs of agents can be confined, where they run now. */
  readonly canConfine: () => Promise<boolean>;
  /** Ends the executor; called after the request has been answered. */
  readonly shutDown: (reason: string) => void;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
  /** The lines that `logger` has written. */
  readonly recentLog: RecentLog;
}

/** The executor's end of the control channel: tells owners what is, and does what they ask. */
export class ControlServer implements Disposable {
  private readonly store = new DisposableStore();
  private readonly owners = new Set<ControlConnection>();
  private readonly ownersEmitter = new Emitter<number>();
  private readonly holders = new WeakMap<SessionProcess, ControlConnection>();
  /**
   * The places that were left with the wish that nothing goes on running there, by the name of the remote;
   * `undefined` is this machine.
   */
  private readonly clearedPlaces = new Set<string | undefined>();
  private watched: { server: ExecServer; state: WatchedState } | undefined;

  /** Opens `/control`; agents never get it. */
  readonly ownerToken = AccessToken.random();
  /** The number of owner windows changed. */
  readonly onDidChangeOwners = this.ownersEmitter.event;

  constructor(readonly options: ControlServerOptions) {}

  /** The control channel's place on the listener. */
  get door(): Door {
    return {
      lock: () => this.ownerToken,
      tokenInQuery: false,
      explainsRefusals: false,
      maxConnections: this.options.limits.maxOwners,
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
      state.onDidStartProcess((entry) => {
        // The start was under way when the environment was switched.
        if (this.clearedPlaces.has(entry.process.remote)) entry.terminate('user');
      }),
    );
    this.store.add(
      environments.onDidChange(() => {
        this.tell('control/changed', { environment: this.environmentView() });
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
    return {
      executor: this.options.executor,
      listener: this.listenerView(),
      environment: this.environmentView(),
      ...this.state.snapshot(),
    };
  }

  environmentView(): EnvironmentView {
    return this.options.environments.situation();
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

  /** Resolves when what was to be ended is gone. */
  async setEnvironment(
    choice: EnvironmentChoice,
    runningProcesses: 'keep' | 'terminate',
  ): Promise<void> {
    const left = await this.options.setEnvironment(choice);
    if (left.mode !== 'disabled') {
      if (runningProcesses === 'terminate') this.clearedPlaces.add(left.remoteName);
      else this.clearedPlaces.delete(left.remoteName);
    }
    const { environments } = this.options;
    if (environments.mode !== 'disabled') this.clearedPlaces.delete(environments.remoteName);
    if (runningProcesses === 'terminate') await this.clear(left);
  }

  /** Tries at once to reach the remote again. */
  async reconnect(): Promise<EnvironmentView> {
    await this.options.environments.reconnect();
    return this.environmentView();
  }

  /** Replaces the agents' token; resolves when everything that came in with it is gone. */
  async rotateToken(): Promise<ListenerView> {
    const rotated = this.server.rotateToken();
    this.tell('control/changed', { listener: this.listenerView() });
    await rotated;
    return this.listenerView();
  }

  /** Gives the keyboard of a process to a window, also when another window has it. */
  takeOverInput(entry: SessionProcess, owner: ControlConnection): void {
    this.holders.set(entry, owner);
    entry.setInputHolder('user');
  }

  /** Gives back to the agents what a window that is gone has taken over and no other one since. */
  handBackInputsOf(owner: ControlConnection): void {
    for (const entry of this.state.live) {
      if (this.holders.get(entry) === owner) entry.setInputHolder('agent');
    }
  }

  dispose(): void {
    this.store.dispose();
    this.ownersEmitter.dispose();
  }

  /** Ends what runs in a place; after a time without any, what was kept from the time before. */
  private async clear(left: LeftEnvironment): Promise<void> {
    const { terminateGraceMs } = this.options.limits;
    const ending = [...this.state.live].filter(({ process }) => {
      const isThere = left.mode === 'disabled' || process.remote === left.remoteName;
      return isThere && !process.state.closed;
    });
    await Promise.all(ending.map((entry) => entry.end('user', terminateGraceMs)));
    left.dispose();
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
