import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/base/clock';
import type { Limits } from '../../src/base/limits';
import { defaultLimits } from '../../src/base/limits';
import { createLogger, nullLogger } from '../../src/base/logger';
import { connectControl } from '../../src/control/connectControl';
import type { ControlClient } from '../../src/control/controlClient';
import { ControlServer } from '../../src/control/controlServer';
import type {
  ChangedNotification,
  EnvironmentView,
  ExecutorSettings,
  ListenerView,
  LogNotification,
  NoticeNotification,
  ProcessView,
  SessionView,
} from '../../src/control/messages';
import type { EnvironmentChoice } from '../../src/environment/environmentChoice';
import { RecentLog } from '../../src/control/recentLog';
import { Executor } from '../../src/executor/executor';
import { AccessToken } from '../../src/server/accessToken';
import { temporaryFolder } from './temporaryFolder';
import { executorSettings } from './executorSettings';

/** Bound against hanging only. */
const DEADLINE_MS = 50_000;

/** An executor with a control channel in the process of the test, gone when the test is. */
export interface ControlledExecutor {
  readonly executor: Executor;
  readonly control: ControlServer;
  readonly port: number;
  /** For agents, token included. */
  readonly url: string;
  readonly token: string;
  readonly ownerToken: string;
  readonly workspace: string;
  /** Reasons of the shutdowns that were asked for; the executor goes on. */
  readonly shutDowns: string[];
  /** Those it began with. */
  readonly settings: ExecutorSettings;
  readonly appliedSettings: ExecutorSettings[];
}

export interface ControlledExecutorOptions {
  readonly limits?: Partial<Limits>;
  readonly environment?: EnvironmentChoice;
  /** A free one by default. */
  readonly port?: number;
  readonly settings?: Partial<ExecutorSettings>;
}

export const instance = {
  instanceId: 'instance-under-test',
  pid: process.pid,
  version: '0.0.0-test',
  startedAtMs: 1,
};

export async function startControlled(
  options: ControlledExecutorOptions = {},
): Promise<ControlledExecutor> {
  const workspace = await temporaryFolder();
  const limits = { ...defaultLimits, ...options.limits };
  const token = AccessToken.random();
  const recentLog = new RecentLog(systemClock, defaultLimits.maxLogLines);
  const logger = createLogger((level, line) => {
    recentLog.append(level, line);
  });
  const shutDowns: string[] = [];
  const appliedSettings: ExecutorSettings[] = [];
  const settings: ExecutorSettings = executorSettings([workspace], options.settings);
  let control: ControlServer | undefined;
  const executor = await Executor.create({
    lock: token,
    environment: options.environment ?? { mode: 'local' },
    limits,
    logger,
    settings,
    createControl: ({ environments, setEnvironment, applySettings, canConfine }) => {
      control = new ControlServer({
        executor: instance,
        environments,
        setEnvironment,
        canConfine,
        applySettings: (settings) => {
          appliedSettings.push(settings);
          applySettings(settings);
        },
        shutDown: (reason) => shutDowns.push(reason),
        clock: systemClock,
        limits,
        logger,
        recentLog,
      });
      return control;
    },
  });
  onTestFinished(() => executor.close());
  await executor.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  if (control === undefined) throw new Error('The executor made no control channel');
  const { port } = executor.server;
  return {
    executor,
    control,
    port,
    url: `ws://127.0.0.1:${port}/?token=${token.reveal()}`,
    token: token.reveal(),
    ownerToken: control.ownerToken.reveal(),
    workspace,
    shutDowns,
    settings,
    appliedSettings,
  };
}

/** What one view was sent. */
export interface ShownOutput {
  readonly pieces: Buffer[];
  readonly dropped: number[];
  ended: { readonly exitCode: number | undefined } | undefined;
}

export interface ControlWindowOptions {
  readonly clientName?: string;
  /** Whether output is acknowledged as it comes; otherwise the test does it. */
  readonly acknowledges?: boolean;
}

/** A window as the extension is one: it merges changes into the snapshot and follows views. */
export class ControlWindow {
  readonly changes: ChangedNotification[] = [];
  readonly notices: NoticeNotification[] = [];
  readonly log: LogNotification[] = [];
  readonly sessions: Map<string, SessionView>;
  readonly processes: Map<number, ProcessView>;
  listener: ListenerView;
  environment: EnvironmentView;
  isClosed = false;
  private readonly views = new Map<number, ShownOutput>();
  private readonly waiting = new Set<() => void>();
  private lastViewId = 0;

  private constructor(
    readonly client: ControlClient,
    acknowledges: boolean,
  ) {
    const { snapshot } = client;
    this.listener = snapshot.listener;
    this.environment = snapshot.environment;
    this.sessions = new Map(snapshot.sessions.map((view) => [view.sessionId, view]));
    this.processes = new Map(snapshot.processes.map((view) => [view.serial, view]));
    client.onDidChange((change) => {
      this.changes.push(change);
      this.merge(change);
      this.wake();
    });
    client.onDidGiveNotice((notice) => {
      this.notices.push(notice);
      this.wake();
    });
    client.onDidLog((line) => {
      this.log.push(line);
      this.wake();
    });
    client.onDidReceiveOutput(({ viewId, dataBase64, droppedBytes }) => {
      const piece = Buffer.from(dataBase64, 'base64');
      const shown = this.shown(viewId);
      shown.pieces.push(piece);
      if (droppedBytes !== undefined) shown.dropped.push(droppedBytes);
      if (acknowledges) client.acknowledge(viewId, piece.length);
      this.wake();
    });
    client.onDidEndView(({ viewId, exitCode }) => {
      this.shown(viewId).ended = { exitCode };
      this.wake();
    });
    client.onDidClose(() => {
      this.isClosed = true;
      this.wake();
    });
  }

  static async open(
    server: Pick<ControlledExecutor, 'port' | 'ownerToken'>,
    options: ControlWindowOptions = {},
  ): Promise<ControlWindow> {
    const client = await connectControl({
      port: server.port,
      ownerToken: server.ownerToken,
      clientName: options.clientName ?? 'window',
      logger: nullLogger,
    });
    onTestFinished(() => {
      client.dispose();
    });
    return new ControlWindow(client, options.acknowledges ?? true);
  }

  /** The process an agent started under this id, as far as the window knows. */
  process(processId: string): ProcessView | undefined {
    return [...this.processes.values()].find((view) => view.processId === processId);
  }

  /** The serial number of a process, as soon as the window knows it. */
  async serialOf(processId: string): Promise<number> {
    await this.until(() => this.process(processId) !== undefined, `${processId} is listed`);
    return this.process(processId)?.serial ?? -1;
  }

  async view(serial: number): Promise<number> {
    const viewId = (this.lastViewId += 1);
    await this.client.request('view/open', { serial, viewId });
    return viewId;
  }

  shown(viewId: number): ShownOutput {
    let shown = this.views.get(viewId);
    if (shown === undefined) {
      shown = { pieces: [], dropped: [], ended: undefined };
      this.views.set(viewId, shown);
    }
    return shown;
  }

  bytesOf(viewId: number): Buffer {
    return Buffer.concat(this.shown(viewId).pieces);
  }

  /** Waits for what the executor tells; looked at after everything received. */
  async until(condition: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(check);
        reject(new Error(`Gave up waiting until ${what}`));
      }, DEADLINE_MS);
      const check = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
      check();
    });
  }

  private merge(change: ChangedNotification): void {
    this.listener = change.listener ?? this.listener;
    this.environment = change.environment ?? this.environment;
    for (const view of change.sessions ?? []) this.sessions.set(view.sessionId, view);
    for (const sessionId of change.removedSessions ?? []) this.sessions.delete(sessionId);
    for (const view of change.processes ?? []) this.processes.set(view.serial, view);
    for (const serial of change.removedProcesses ?? []) this.processes.delete(serial);
  }

  private wake(): void {
    for (const check of [...this.waiting]) check();
  }
}
