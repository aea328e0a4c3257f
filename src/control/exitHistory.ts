import type { Limits } from '../base/limits';
import type { SessionProcess } from '../server/sessionProcess';
import type { ProcessView, SessionView } from './messages';

interface RememberedExit {
  readonly view: ProcessView;
  /** Kept while there is room for its output, so that it can still be looked at. */
  process: SessionProcess | undefined;
}

type HistoryLimits = Pick<
  Limits,
  | 'maxRememberedExits'
  | 'maxRememberedSessions'
  | 'maxRememberedOutputBytes'
  | 'maxRetainedOutputBytes'
>;

/** Processes and sessions that are over, newest last, within bounds of count and of kept output. */
export class ExitHistory {
  private readonly exits = new Map<number, RememberedExit>();
  private readonly ended = new Map<string, SessionView>();

  constructor(private readonly limits: HistoryLimits) {}

  get processes(): ProcessView[] {
    return [...this.exits.values()].map(({ view }) => view);
  }

  /** Ended sessions that still have a remembered exit. */
  get sessions(): SessionView[] {
    return [...this.ended.values()];
  }

  processOf(serial: number): SessionProcess | undefined {
    return this.exits.get(serial)?.process;
  }

  /** Remembers an exit and answers the serial numbers it pushed out. */
  add(view: ProcessView, process: SessionProcess): number[] {
    this.exits.set(view.serial, { view, process });
    const dropped: number[] = [];
    for (const serial of this.exits.keys()) {
      if (this.exits.size <= this.limits.maxRememberedExits) break;
      this.exits.delete(serial);
      dropped.push(serial);
    }
    this.releaseOldOutput();
    return dropped;
  }

  /** Remembers an ended session, if any exit of it is, and answers the sessions that pushed out. */
  addSession(view: SessionView): string[] {
    const remembered = new Set(this.processes.map(({ sessionId }) => sessionId));
    if (remembered.has(view.sessionId)) this.ended.set(view.sessionId, view);
    const dropped: string[] = [];
    for (const sessionId of this.ended.keys()) {
      const tooMany = this.ended.size > this.limits.maxRememberedSessions;
      if (!tooMany && remembered.has(sessionId)) continue;
      this.ended.delete(sessionId);
      dropped.push(sessionId);
    }
    return dropped;
  }

  clear(): void {
    this.exits.clear();
    this.ended.clear();
  }

  private releaseOldOutput(): void {
    let keptBytes = 0;
    for (const exit of [...this.exits.values()].reverse()) {
      if (exit.process === undefined) return;
      keptBytes += Math.min(exit.view.outputBytes, this.limits.maxRetainedOutputBytes);
      if (keptBytes > this.limits.maxRememberedOutputBytes) exit.process = undefined;
    }
  }
}
