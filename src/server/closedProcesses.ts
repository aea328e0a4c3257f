import type { Clock } from '../base/clock';
import type { Disposable } from '../base/lifecycle';
import { toDisposable } from '../base/lifecycle';
import type { Limits } from '../base/limits';
import type { SessionProcess } from './sessionProcess';

interface ClosedProcess {
  readonly outputBytes: number;
  readonly forget: () => void;
}

type RetentionLimits = Pick<
  Limits,
  | 'closedProcessRetentionMs'
  | 'maxClosedProcesses'
  | 'maxClosedOutputBytes'
  | 'maxRetainedOutputBytes'
>;

/** Keeps the closed processes of all sessions for a while, and fewer of them when they become many. */
export class ClosedProcesses {
  private readonly oldestFirst = new Set<ClosedProcess>();
  private outputBytes = 0;

  constructor(
    private readonly limits: RetentionLimits,
    private readonly clock: Clock,
  ) {}

  /** Calls `forget` when a process that just closed is to go; disposing the result calls that off. */
  add(entry: SessionProcess, forget: () => void): Disposable {
    const { limits } = this;
    const closed = {
      outputBytes: Math.min(entry.outputBytes, limits.maxRetainedOutputBytes),
      forget,
    };
    this.oldestFirst.add(closed);
    this.outputBytes += closed.outputBytes;
    const timer = this.clock.schedule(forget, limits.closedProcessRetentionMs);
    const registration = toDisposable(() => {
      timer.dispose();
      this.oldestFirst.delete(closed);
      this.outputBytes -= closed.outputBytes;
    });
    this.makeRoomBeside(closed);
    return registration;
  }

  /** The newest stays whatever its size: who ran it has not had the time to read it. */
  private makeRoomBeside(newest: ClosedProcess): void {
    const { maxClosedProcesses, maxClosedOutputBytes } = this.limits;
    for (const closed of this.oldestFirst) {
      const fits =
        this.oldestFirst.size <= maxClosedProcesses && this.outputBytes <= maxClosedOutputBytes;
      if (fits || closed === newest) return;
      closed.forget();
    }
  }
}
