import type { Clock } from '../base/clock';
import { Emitter } from '../base/event';
import type { LogLevel } from '../base/logger';

/** One line of the executor's log and when it was written. */
export interface LogLine {
  readonly atMs: number;
  readonly level: LogLevel;
  readonly line: string;
}

/** The newest lines of the executor's log, for windows that connect later. Readers keep a position. */
export class RecentLog {
  private readonly lines: LogLine[] = [];
  private readonly appendEmitter = new Emitter<void>();
  private appendedLines = 0;

  readonly onDidAppend = this.appendEmitter.event;

  constructor(
    private readonly clock: Clock,
    private readonly maxLines: number,
  ) {}

  append(level: LogLevel, line: string): void {
    this.lines.push({ atMs: this.clock.now(), level, line });
    this.appendedLines += 1;
    if (this.lines.length > this.maxLines) this.lines.shift();
    this.appendEmitter.fire();
  }

  /** Lines after a position as far as they are kept, how many are not, and the position after them. */
  readAfter(position: number): {
    readonly lines: readonly LogLine[];
    readonly missed: number;
    readonly position: number;
  } {
    const unread = this.appendedLines - position;
    const kept = Math.min(unread, this.lines.length);
    return {
      lines: kept === 0 ? [] : this.lines.slice(-kept),
      missed: unread - kept,
      position: this.appendedLines,
    };
  }
}
