import type { Limits } from '../base/limits';
import type { SessionProcess } from '../server/sessionProcess';
import type { ProcessView, SessionView } from './messages';

interface RememberedExit {
  readonly view: ProcessView;
  /** Kept while there is room for its output, so that it can still be looked at; none of a start that failed. */
  process: SessionProcess | undefined;
}

/** What had to go to keep the bounds. */
export interface DroppedHistory {
  readonly serials: readonly number[];
  readonly sessionIds: readonly string[];
}

type HistoryLimits = Pick<
  Limits,
  | 'maxRememberedExits'
  | 'maxRememberedSessions'
  | 'maxRememberedOutputBytes'
  | 'maxRetainedOutputBytes'
>;

/**
 * Processes and sessions that are over, newest last, within bounds of count and of kept output. An ended
 * session is listed exactly as long as an exit of it is.
 */
export class ExitHistory {
  private readonly exits = new Map<number, RememberedExit>();
  private readonly ended = new Map<string, SessionView>();

  constructor(private readonly limits: HistoryLimits) {}

  get processes(): ProcessView[] {
    return [...this.exits.values()].map(({ view }) => view);
  }

  get sessions(): SessionView[] {
    return [...this.ended.values()];
  }

  viewOf(serial: number): ProcessView | undefined {
    return this.exits.get(serial)?.view;
  }

  processOf(serial: number): SessionProcess | undefined {
    return this.exits.get(serial)?.process;
  }

  /** Remembers an exit, or with no process a start that failed. */
  add(view: ProcessView, process: SessionProcess | undefined): DroppedHistory {
    this.exits.set(view.serial, { view, process });
    const serials: number[] = [];
    for (const serial of this.exits.keys()) {
      if (this.exits.size <= this.limits.maxRememberedExits) break;
      this.exits.delete(serial);
      serials.push(serial);
    }
    this.releaseOldOutput();
    return { serials, sessionIds: this.dropSessionsWithoutExits() };
  }

  /** Remembers an ended session, if any exit of it is. */
  addSession(view: SessionView): DroppedHistory {
    this.ended.set(view.sessionId, view);
    const sessionIds = this.dropSessionsWithoutExits();
    const serials: number[] = [];
    for (const sessionId of this.ended.keys()) {
      if (this.ended.size <= this.limits.maxRememberedSessions) break;
      this.ended.delete(sessionId);
      sessionIds.push(sessionId);
      for (const { serial } of this.processes.filter((exit) => exit.sessionId === sessionId)) {
        this.exits.delete(serial);
        serials.push(serial);
      }
    }
    return { serials, sessionIds };
  }

  clear(): void {
    this.exits.clear();
    this.ended.clear();
  }

  private dropSessionsWithoutExits(): string[] {
    const withExits = new Set(this.processes.map(({ sessionId }) => sessionId));
    const dropped = [...this.ended.keys()].filter((sessionId) => !withExits.has(sessionId));
    for (const sessionId of dropped) this.ended.delete(sessionId);
    return dropped;
  }

  private releaseOldOutput(): void {
    let keptBytes = 0;
    for (const exit of [...this.exits.values()].reverse()) {
      if (exit.process === undefined) continue;
      keptBytes += Math.min(exit.view.outputBytes, this.limits.maxRetainedOutputBytes);
      if (keptBytes > this.limits.maxRememberedOutputBytes) exit.process = undefined;
    }
  }
}
