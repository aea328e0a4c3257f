import { Emitter } from '../../base/event';
import { DisposableStore, MutableDisposable } from '../../base/lifecycle';
import type { Disposable } from '../../base/lifecycle';
import { defaultLimits } from '../../base/limits';
import type { ControlClient } from '../../control/controlClient';
import type {
  ChangedNotification,
  EnvironmentView,
  ListenerView,
  ProcessView,
  SessionView,
} from '../../control/messages';

/** A process with its identity across executors, because serials start again with each of them. */
export interface ModelProcess extends ProcessView {
  readonly key: string;
  readonly sessionKey: string;
  /** It ran when its executor died; what became of it is not known. */
  readonly isLost: boolean;
  /** Its executor is the one we are connected to; the serial of any other means nothing there. */
  readonly isReachable: boolean;
}

export interface ModelSession extends SessionView {
  readonly key: string;
}

/** Whether the program still runs as far as anybody knows. */
export function isRunning(process: ModelProcess): boolean {
  return process.state === 'running' && !process.isLost;
}

interface Instance {
  readonly id: string;
  readonly listener: ListenerView;
  readonly environment: EnvironmentView;
  readonly sessions: ReadonlyMap<string, SessionView>;
  readonly processes: ReadonlyMap<number, ProcessView>;
}

/** What the editor knows of its executor: the last snapshot, kept up to date, and what was lost before it. */
export class ExecutorModel implements Disposable {
  private instance: Instance | undefined;
  private lostSessions: readonly ModelSession[] = [];
  private lostProcesses: readonly ModelProcess[] = [];
  private readonly connection = new MutableDisposable<DisposableStore>();
  private readonly changeEmitter = new Emitter<void>();

  /** Something shown may have changed. */
  readonly onDidChange = this.changeEmitter.event;

  get listener(): ListenerView | undefined {
    return this.instance?.listener;
  }

  /** Where agents' calls go, as the executor has it. */
  get environment(): EnvironmentView | undefined {
    return this.instance?.environment;
  }

  get sessions(): readonly ModelSession[] {
    const { instance } = this;
    if (instance === undefined) return this.lostSessions;
    return [...present(instance.sessions, instance.id), ...this.lostSessions];
  }

  get processes(): readonly ModelProcess[] {
    const { instance } = this;
    if (instance === undefined) return this.lostProcesses;
    const living = [...instance.processes.values()].map((process) => ({
      ...process,
      key: `${instance.id}/${process.serial}`,
      sessionKey: `${instance.id}/${process.sessionId}`,
      isLost: false,
      isReachable: true,
    }));
    return [...living, ...this.lostProcesses];
  }

  get runningProcesses(): readonly ModelProcess[] {
    return this.processes.filter(isRunning);
  }

  /** What a crashed executor had running, as far as it can be found again. */
  get lostPrograms(): readonly { readonly pid: number; readonly startedAtMs: number }[] {
    return this.processes.flatMap(({ isLost, pid, startedAtMs }) =>
      isLost && pid !== undefined ? [{ pid, startedAtMs }] : [],
    );
  }

  /** Sessions with an agent on the line; one that may come back is in the tree only. */
  get connectedSessions(): readonly ModelSession[] {
    return this.sessions.filter((session) => session.state === 'attached');
  }

  findProcess(key: string): ModelProcess | undefined {
    return this.processes.find((process) => process.key === key);
  }

  /** Follows a connected executor. */
  attach(client: ControlClient): void {
    const { snapshot } = client;
    const { instanceId } = snapshot.executor;
    // The same executor again: it was only out of sight.
    this.lostSessions = this.lostSessions.filter(({ key }) => !key.startsWith(`${instanceId}/`));
    this.lostProcesses = this.lostProcesses.filter(({ key }) => !key.startsWith(`${instanceId}/`));
    this.instance = {
      id: instanceId,
      listener: snapshot.listener,
      environment: snapshot.environment,
      sessions: new Map(snapshot.sessions.map((session) => [session.sessionId, session])),
      processes: new Map(snapshot.processes.map((process) => [process.serial, process])),
    };
    const connection = new DisposableStore();
    connection.add(
      client.onDidChange((change) => {
        this.apply(change);
      }),
    );
    this.connection.value = connection;
    this.changeEmitter.fire();
  }

  /** The executor died: what ran is lost, what had ended stays as it was. */
  markLost(): void {
    if (this.instance === undefined) return;
    this.lostProcesses = this.processes
      .map((process) => ({
        ...process,
        isLost: process.isLost || process.state !== 'closed',
        isReachable: false,
      }))
      .slice(0, defaultLimits.maxRememberedExits);
    this.lostSessions = this.sessions
      .map((session) => ({ ...session, state: 'ended' as const }))
      .slice(0, defaultLimits.maxRememberedSessions);
    this.instance = undefined;
    this.connection.value = undefined;
    this.changeEmitter.fire();
  }

  /** Forgets lost processes and sessions; the executor forgets its own. */
  forgetLost(): void {
    this.lostProcesses = [];
    this.lostSessions = [];
    this.changeEmitter.fire();
  }

  /** Stopped by the user: nothing is left to show. */
  clear(): void {
    this.instance = undefined;
    this.connection.value = undefined;
    this.forgetLost();
  }

  dispose(): void {
    this.connection.dispose();
    this.changeEmitter.dispose();
  }

  private apply(change: ChangedNotification): void {
    if (this.instance === undefined) return;
    const sessions = new Map(this.instance.sessions);
    for (const session of change.sessions ?? []) sessions.set(session.sessionId, session);
    for (const sessionId of change.removedSessions ?? []) sessions.delete(sessionId);
    const processes = new Map(this.instance.processes);
    for (const process of change.processes ?? []) processes.set(process.serial, process);
    for (const serial of change.removedProcesses ?? []) processes.delete(serial);
    this.instance = {
      id: this.instance.id,
      listener: change.listener ?? this.instance.listener,
      environment: change.environment ?? this.instance.environment,
      sessions,
      processes,
    };
    this.changeEmitter.fire();
  }
}

function present(sessions: ReadonlyMap<string, SessionView>, instanceId: string): ModelSession[] {
  return [...sessions.values()].map((session) => ({
    ...session,
    key: `${instanceId}/${session.sessionId}`,
  }));
}
