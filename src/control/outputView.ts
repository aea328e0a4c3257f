import type { Clock } from '../base/clock';
import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import { DisposableStore, MutableDisposable } from '../base/lifecycle';
import type { ManagedProcess } from '../environment/processBackend';

/** How long output is gathered for a view that was told something a moment ago. */
const GATHER_MS = 10;
/** Most bytes of one message, so that a slow reader gets its first line soon. */
const MAX_MESSAGE_BYTES = 64 * 1024;

export interface OutputViewOptions {
  readonly process: ManagedProcess;
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'viewerWindowBytes'>;
  readonly send: (data: Buffer, droppedBytes: number) => void;
  readonly end: () => void;
}

/**
 * Follows one process for one viewer: a cursor over what the process's log keeps. The viewer sets the
 * pace by acknowledging; one that is too slow skips what the log has dropped meanwhile and is told how
 * much. The process never waits for it.
 */
export class OutputView implements Disposable {
  private readonly store = new DisposableStore();
  private readonly gathering = new MutableDisposable<Disposable>();
  private afterSeq = 0;
  private unacknowledgedBytes = 0;
  private over = false;

  constructor(private readonly options: OutputViewOptions) {
    this.store.add(this.gathering);
    this.store.add(
      options.process.onDidEmit(() => {
        this.gather();
      }),
    );
  }

  /** Sends what is retained; called once, when the viewer is ready for it. */
  start(): void {
    this.pump();
  }

  acknowledge(bytes: number): void {
    this.unacknowledgedBytes = Math.max(0, this.unacknowledgedBytes - bytes);
    this.pump();
  }

  dispose(): void {
    this.over = true;
    this.store.dispose();
  }

  private gather(): void {
    if (this.over || this.gathering.value !== undefined) return;
    this.pump();
    this.gathering.value = this.options.clock.schedule(() => {
      this.gathering.value = undefined;
      this.pump();
    }, GATHER_MS);
  }

  private pump(): void {
    const { process, limits, send } = this.options;
    while (!this.over && this.unacknowledgedBytes < limits.viewerWindowBytes) {
      const { chunks, droppedBytes } = process.retainedOutput(this.afterSeq, MAX_MESSAGE_BYTES);
      const last = chunks.at(-1);
      if (last === undefined) {
        if (process.state.closed) this.finish();
        return;
      }
      this.afterSeq = last.seq;
      const data = Buffer.concat(chunks.map(({ chunk }) => chunk));
      this.unacknowledgedBytes += data.length;
      send(data, droppedBytes);
    }
  }

  private finish(): void {
    this.dispose();
    this.options.end();
  }
}
