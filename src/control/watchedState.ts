import type { Clock } from '../base/clock';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import { DisposableStore, MutableDisposable } from '../base/lifecycle';
import { invalidRequest } from '../protocol/errorCodes';
import type { Session } from '../server/session';
import type { FailedStart, SessionProcess } from '../server/sessionProcess';
import type { SessionRegistry } from '../server/sessionRegistry';
import type { DroppedHistory } from './exitHistory';
import { ExitHistory } from './exitHistory';
import type { ChangedNotification, ProcessView, SessionView } from './messages';

/** How long changes are gathered before they are told: quick to the eye, cheap under a flood of output. */
const GATHER_MS = 100;

type Changes = Pick<
  ChangedNotification,
  'sessions' | 'removedSessions' | 'processes' | 'removedProcesses'
>;

/**
 * Sessions and processes as the editor shows them: those that live, and for a while those that are
 * over. Everything told is read from the real objects at the moment of telling.
 */
export class WatchedState implements Disposable {
  private readonly store = new DisposableStore();
  /** Sessions from their creation until their last process is gone. */
  private readonly sessionStores = new Map<Session, DisposableStore>();
  private readonly liveBySerial = new Map<number, SessionProcess>();
  private readonly history: ExitHistory;
  private readonly dirtySessions = new Set<string>();
  private readonly dirtyProcesses = new Set<number>();
  private readonly gathering = new MutableDisposable<Disposable>();
  private readonly changeEmitter = new Emitter<Changes>();
  private readonly processStartEmitter = new Emitter<SessionProcess>();

  /** Fires with what changed, gathered. */
  readonly onDidChange = this.changeEmitter.event;
  /** An agent has started a process, in whatever session. */
  readonly onDidStartProcess = this.processStartEmitter.event;

  constructor(
    private readonly sessions: SessionRegistry,
    private readonly clock: Clock,
    limits: Limits,
  ) {
    this.history = new ExitHistory(limits);
    this.store.add(
      sessions.onDidCreate((session) => {
        this.watch(session);
      }),
    );
    this.store.add(
      sessions.onDidChange((session) => {
        this.markSession(session.id);
      }),
    );
    this.store.add(
      sessions.onDidEnd((session) => {
        this.bury(session);
      }),
    );
  }

  snapshot(): { sessions: SessionView[]; processes: ProcessView[] } {
    return {
      sessions: this.snapshotSessions(),
      processes: [...[...this.liveBySerial.values()].map(viewOfProcess), ...this.history.processes],
    };
  }

  /** Processes whose sessions still know them, running or not. */
  get live(): Iterable<SessionProcess> {
    return this.liveBySerial.values();
  }

  /** The process of a serial number, as long as its output is kept. */
  find(serial: number): SessionProcess | undefined {
    return this.liveBySerial.get(serial) ?? this.history.processOf(serial);
  }

  /** The same where there must be one. @throws RpcError that says why there is none. */
  require(serial: number): SessionProcess {
    const entry = this.find(serial);
    if (entry !== undefined) return entry;
    const view = this.history.viewOf(serial);
    // One that ran and was lost has the exit code of such.
    throw invalidRequest(
      view?.failure !== undefined && view.exitCode === undefined
        ? `this program could not be started: ${view.failure}`
        : 'the output of this process is no longer kept',
    );
  }

  /** One process as the editor shows it. @throws RpcError as {@link require}. */
  viewOf(serial: number): ProcessView {
    return viewOfProcess(this.require(serial));
  }

  /** Forgets what is over. */
  clearHistory(): void {
    for (const [serial, { process }] of this.liveBySerial) {
      if (!process.state.closed) continue;
      this.liveBySerial.delete(serial);
      this.dirtyProcesses.add(serial);
    }
    for (const { serial } of this.history.processes) this.dirtyProcesses.add(serial);
    for (const { sessionId } of this.history.sessions) this.dirtySessions.add(sessionId);
    this.history.clear();
    this.gather();
  }

  dispose(): void {
    this.store.dispose();
    for (const store of this.sessionStores.values()) store.dispose();
    this.sessionStores.clear();
    this.gathering.dispose();
    this.changeEmitter.dispose();
    this.processStartEmitter.dispose();
  }

  private snapshotSessions(): SessionView[] {
    return [
      ...[...this.sessionStores.keys()].map((session) => this.viewOfSession(session)),
      ...this.history.sessions,
    ];
  }

  private watch(session: Session): void {
    const store = new DisposableStore();
    this.sessionStores.set(session, store);
    store.add(
      session.onDidStartProcess((process) => {
        const { serial } = process.description;
        this.liveBySerial.set(serial, process);
        // Ends with the process itself, so a session that runs many does not collect subscriptions.
        process.onDidChange(() => {
          this.markProcess(serial);
        });
        this.markProcess(serial);
        this.processStartEmitter.fire(process);
      }),
    );
    store.add(
      session.onDidFailToStart((failed) => {
        const view = viewOfFailedStart(failed);
        this.markDropped(this.history.add(view, undefined));
        this.markProcess(view.serial);
      }),
    );
    store.add(
      session.onDidForgetProcess((process) => {
        const { serial } = process.description;
        // The history may have been cleared while the process was closed and still readable.
        if (!this.liveBySerial.delete(serial)) return;
        this.markDropped(this.history.add(viewOfProcess(process), process));
        this.markProcess(serial);
      }),
    );
    this.markSession(session.id);
  }

  private bury(session: Session): void {
    this.sessionStores.get(session)?.dispose();
    this.sessionStores.delete(session);
    const view: SessionView = { ...this.viewOfSession(session), state: 'ended' };
    this.markDropped(this.history.addSession(view));
    this.markSession(session.id);
  }

  private viewOfSession(session: Session): SessionView {
    const expiresAtMs = this.sessions.deadlineOf(session);
    return {
      sessionId: session.id,
      clientName: session.clientName,
      state: session.currentAttachment === undefined ? 'detached' : 'attached',
      createdAtMs: session.createdAtMs,
      ...(expiresAtMs === undefined ? {} : { expiresAtMs }),
    };
  }

  private markDropped({ sessionIds, serials }: DroppedHistory): void {
    for (const sessionId of sessionIds) this.markSession(sessionId);
    for (const serial of serials) this.markProcess(serial);
  }

  private markSession(sessionId: string): void {
    this.dirtySessions.add(sessionId);
    this.gather();
  }

  private markProcess(serial: number): void {
    this.dirtyProcesses.add(serial);
    this.gather();
  }

  private gather(): void {
    this.gathering.value ??= this.clock.schedule(() => {
      this.gathering.value = undefined;
      this.tell();
    }, GATHER_MS);
  }

  private tell(): void {
    const changes: Changes = {
      sessions: this.snapshotSessions().filter(({ sessionId }) =>
        this.dirtySessions.delete(sessionId),
      ),
      // Looked up one by one: there may be thousands, and each view is made for the occasion.
      processes: [...this.dirtyProcesses].flatMap((serial) => {
        const live = this.liveBySerial.get(serial);
        const view = live === undefined ? this.history.viewOf(serial) : viewOfProcess(live);
        if (view === undefined) return [];
        this.dirtyProcesses.delete(serial);
        return [view];
      }),
      // What is still marked is in no list any more.
      removedSessions: [...this.dirtySessions],
      removedProcesses: [...this.dirtyProcesses],
    };
    this.dirtySessions.clear();
    this.dirtyProcesses.clear();
    this.changeEmitter.fire(changes);
  }
}

function viewOfProcess(entry: SessionProcess): ProcessView {
  const { description, process } = entry;
  const { exited, exitCode, closed, failure } = process.state;
  const optional = {
    pid: process.pid,
    exitCode,
    failure,
    remote: process.remote,
    endedBy: entry.endedBy,
    exitedAtMs: entry.exitedAtMs,
    lastOutputAtMs: entry.lastOutputAtMs,
  };
  return {
    ...description,
    argv: [...description.argv],
    state: closed ? 'closed' : exited ? 'closing' : 'running',
    inputHolder: entry.inputHolder,
    startedAtMs: entry.startedAtMs,
    outputBytes: entry.outputBytes,
    // JSON leaves undefined members out, and so do the views made here.
    ...withoutUndefined(optional),
  };
}

function viewOfFailedStart(failed: FailedStart): ProcessView {
  const { description, failure, remote, failedAtMs } = failed;
  return {
    ...description,
    argv: [...description.argv],
    state: 'closed',
    failure,
    inputHolder: 'agent',
    startedAtMs: failedAtMs,
    exitedAtMs: failedAtMs,
    outputBytes: 0,
    ...withoutUndefined({ remote }),
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}
