import type { Clock } from '../../base/clock';
import { Deferred } from '../../base/deferred';
import { ExecServerError, toError } from '../../base/errors';
import { Emitter } from '../../base/event';
import { defaultLimits } from '../../base/limits';
import { DisposableStore, MutableDisposable } from '../../base/lifecycle';
import type { Disposable } from '../../base/lifecycle';
import type { Logger } from '../../base/logger';
import type { ControlClient } from '../../control/controlClient';
import type { OwnedReady, OwnedStart } from '../../executor/ownedStart';
import type { StateFile } from '../../executor/stateFile';
import { RestartPolicy } from './restartPolicy';

/**
 *            start / adopt                 connected
 *  stopped ───────────────► starting ────────────────► running
 *     ▲                        │ refused                 │ socket lost
 *     │ stop                   ▼              back-off   ▼
 *     └──────────────────── failed ◄───────────────── restarting ──► running
 *                                   sixth in a minute
 */
export type ExecutorState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly client: ControlClient }
  | { readonly kind: 'restarting' }
  | { readonly kind: 'failed'; readonly reason: string };

/** What the supervisor needs from outside; tests hand in their own. */
export interface SupervisorHost {
  readonly clock: Clock;
  readonly logger: Logger;
  /** @throws ExecServerError `executorStartFailed` when there is nothing to start for, such as no open folder. */
  startDocument(): Promise<OwnedStart>;
  launch(start: OwnedStart): Promise<OwnedReady>;
  /** The state file, when there is one that can be trusted. */
  readState(): Promise<StateFile | undefined>;
  isAlive(pid: number): boolean;
  connect(state: StateFile): Promise<ControlClient>;
  /** Ends an executor that was told to stop and did not. */
  forceEnd(pid: number): void;
}

/** The wish of the user, against which the result of slow work is checked. */
type Wish = 'on' | 'off';

/** Longest wait for an executor that was told to stop: its own bound, and some for the machine. */
const STOP_TIMEOUT_MS = defaultLimits.shutdownMs + 2000;

/**
 * Keeps one executor running for this window: finds the one it left behind or starts one, starts it
 * again after a crash, and knows when to give up. Disposing it only lets go; the executor then waits
 * for `ownerGraceSeconds` for the window to come back.
 */
export class ExecutorSupervisor implements Disposable {
  private current: ExecutorState = { kind: 'stopped' };
  private wish: Wish = 'off';
  /** Operations run one after another; a stop that arrives during a start waits for it. */
  private turn: Promise<void> = Promise.resolve();
  /** What a restarted executor keeps, so that the address clients have stays good. */
  private kept: { readonly token: string; readonly port: number } | undefined;
  private readonly policy = new RestartPolicy();
  private readonly stateEmitter = new Emitter<ExecutorState>();
  private readonly portChangeEmitter = new Emitter<{ readonly wanted: number; port: number }>();
  private readonly connection = new MutableDisposable<DisposableStore>();
  private readonly nextAttempt = new MutableDisposable<Disposable>();
  /** The end of the connection is wanted and must not count as a crash. */
  private isStopping = false;
  private disposed = false;

  readonly onDidChangeState = this.stateEmitter.event;
  /** Another program had taken the port; the token was replaced, so that it never reaches that program. */
  readonly onDidChangePort = this.portChangeEmitter.event;

  constructor(private readonly host: SupervisorHost) {}

  get state(): ExecutorState {
    return this.current;
  }

  /** The connected control channel, while there is one. */
  get client(): ControlClient | undefined {
    return this.current.kind === 'running' ? this.current.client : undefined;
  }

  /**
   * Finds or starts the executor. Does nothing when it runs.
   *
   * @throws ExecServerError when it could not be started; the state is then `failed`.
   */
  async start(): Promise<void> {
    this.wish = 'on';
    this.policy.reset();
    this.nextAttempt.value = undefined;
    await this.inTurn(async () => {
      if (this.current.kind === 'running' || this.isUnwanted()) return;
      this.setState({ kind: 'starting' });
      try {
        await this.bringUp();
      } catch (error) {
        this.fail(toError(error).message);
        throw error;
      }
    });
  }

  /** Takes up an executor that another window of this workspace has started. Starts nothing. */
  async join(): Promise<void> {
    await this.inTurn(async () => {
      if (this.current.kind !== 'stopped' || this.disposed) return;
      const client = await this.adopt();
      if (client === undefined) return;
      this.wish = 'on';
      this.attach(client);
    });
  }

  /** Ends the executor and everything it started, and forgets the agents' token. */
  async stop(reason: string): Promise<void> {
    this.wish = 'off';
    this.nextAttempt.value = undefined;
    await this.inTurn(async () => {
      await this.bringDown(reason);
      this.kept = undefined;
      this.setState({ kind: 'stopped' });
    });
  }

  /** Ends the executor and starts another one with the same port and token. */
  async restart(): Promise<void> {
    await this.inTurn(async () => {
      await this.bringDown('restart');
    });
    await this.start();
  }

  /** Closes the control channel, nothing else. */
  dispose(): void {
    this.disposed = true;
    this.wish = 'off';
    this.nextAttempt.dispose();
    this.connection.dispose();
    this.stateEmitter.dispose();
    this.portChangeEmitter.dispose();
  }

  private isUnwanted(): boolean {
    return this.wish === 'off' || this.disposed;
  }

  private inTurn(operation: () => Promise<void>): Promise<void> {
    const result = this.turn.then(operation);
    this.turn = result.catch(() => undefined);
    return result;
  }

  private async bringUp(): Promise<void> {
    const found = await this.adopt();
    const client = found ?? (await this.launch());
    if (this.disposed) client.dispose();
    else this.attach(client);
  }

  /** The executor this window left running, if it still runs and is the one the file names. */
  private async adopt(): Promise<ControlClient | undefined> {
    const state = await this.host.readState();
    if (state === undefined || !this.host.isAlive(state.pid)) return undefined;
    try {
      return await this.connect(state);
    } catch (error) {
      this.host.logger.info('found no executor behind the state file', {
        reason: toError(error).message,
      });
      return undefined;
    }
  }

  private async launch(): Promise<ControlClient> {
    const document = await this.host.startDocument();
    const preferredPort = document.preferredPort ?? this.kept?.port;
    const ready = await this.host.launch({
      ...document,
      ...(this.kept === undefined ? {} : { token: this.kept.token }),
      ...(preferredPort === undefined ? {} : { preferredPort }),
    });
    if (ready.portChanged && preferredPort !== undefined) {
      this.portChangeEmitter.fire({ wanted: preferredPort, port: ready.port });
    }
    const state = await this.host.readState();
    if (state?.pid !== ready.pid) {
      throw new ExecServerError(
        'stateFileUnusable',
        'Failed to start the executor: its state file is missing or names another process',
      );
    }
    return this.connect(state);
  }

  private async connect(state: StateFile): Promise<ControlClient> {
    const client = await this.host.connect(state);
    if (client.snapshot.executor.instanceId === state.instanceId) return client;
    client.dispose();
    throw new ExecServerError(
      'handshakeFailed',
      `Failed to connect to the executor on port ${state.port}: it is another one`,
    );
  }

  private attach(client: ControlClient): void {
    const connection = new DisposableStore();
    connection.add(client);
    const { token, port } = client.snapshot.listener;
    this.kept = { token, port };
    connection.add(
      client.onDidChange((change) => {
        if (change.listener === undefined) return;
        this.kept = { token: change.listener.token, port: change.listener.port };
      }),
    );
    connection.add(
      client.onDidClose((end) => {
        this.connection.value = undefined;
        if (end === 'lost') this.onConnectionLost();
        else this.onShutDown();
      }),
    );
    this.connection.value = connection;
    this.setState({ kind: 'running', client });
  }

  /** Another window of this workspace stopped the executor, or the system did: that is no crash. */
  private onShutDown(): void {
    if (this.isUnwanted() || this.isStopping) return;
    this.wish = 'off';
    this.kept = undefined;
    this.host.logger.info('the executor was stopped from elsewhere');
    this.setState({ kind: 'stopped' });
  }

  private onConnectionLost(): void {
    if (this.isUnwanted() || this.isStopping) return;
    this.host.logger.error('lost the executor');
    this.retryLater('The executor ended unexpectedly six times within a minute.');
  }

  private retryLater(reason: string): void {
    const delayMs = this.policy.delayAfterCrash(this.host.clock.now());
    if (delayMs === undefined) {
      this.fail(reason);
      return;
    }
    this.setState({ kind: 'restarting' });
    this.nextAttempt.value = this.host.clock.schedule(() => {
      void this.inTurn(() => this.tryAgain());
    }, delayMs);
  }

  private async tryAgain(): Promise<void> {
    if (this.isUnwanted() || this.current.kind !== 'restarting') return;
    try {
      await this.bringUp();
      this.host.logger.info('recovered the executor');
    } catch (error) {
      const reason = toError(error).message;
      this.host.logger.error('failed to recover the executor', { reason });
      if (!this.isUnwanted()) this.retryLater(reason);
    }
  }

  private fail(reason: string): void {
    this.setState({ kind: 'failed', reason });
  }

  private async bringDown(reason: string): Promise<void> {
    const { client } = this;
    if (client === undefined) return;
    const { pid } = client.snapshot.executor;
    this.isStopping = true;
    const closed = new Deferred<boolean>();
    const waiting = new DisposableStore();
    waiting.add(client.onDidClose(() => closed.resolve(true)));
    waiting.add(this.host.clock.schedule(() => closed.resolve(false), STOP_TIMEOUT_MS));
    client.request('executor/shutDown', { reason }).catch((error: unknown) => {
      // It may close the socket before it answers; `closed` tells.
      this.host.logger.debug('got no answer to the stop', { reason: toError(error).message });
    });
    if (!(await closed.promise)) {
      this.host.logger.warn('ended an executor that did not stop', { pid });
      this.host.forceEnd(pid);
    }
    waiting.dispose();
    this.connection.value = undefined;
    this.isStopping = false;
    this.setState({ kind: 'stopped' });
  }

  private setState(state: ExecutorState): void {
    this.current = state;
    this.stateEmitter.fire(state);
  }
}
