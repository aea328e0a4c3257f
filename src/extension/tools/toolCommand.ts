import type { Clock } from '../../base/clock';
import { Deferred } from '../../base/deferred';
import { DisposableStore, toDisposable } from '../../base/lifecycle';
import type { Disposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { ClientProcess, ClientProcessEvent } from '../../client/clientProcess';
import type { OutputStream } from '../../protocol/processMessages';
import { HeadAndTail, withinBudget } from './headAndTail';
import type { OutputBrake } from './outputBrake';
import { PlainOutput } from './plainOutput';

/** What became of a command up to now. */
export interface CommandReport {
  readonly text: string;
  readonly originalTokens: number;
  readonly outcome:
    | { readonly kind: 'running' }
    | { readonly kind: 'exited'; readonly exitCode: number }
    | { readonly kind: 'failed'; readonly reason: string };
}

/** What a command is, for whoever is asked about it later. */
export interface CommandOrigin {
  readonly commandLine: string;
  /** Where it runs, for a sentence: agents may work elsewhere by now. */
  readonly place: string;
  readonly takesInput: boolean;
}

/** What a command needs around it. */
export interface CommandSurroundings {
  readonly limits: Limits;
  readonly clock: Clock;
  readonly brake: OutputBrake;
}

/** A command that a tool started, with the output nobody has seen yet. */
export class ToolCommand implements Disposable {
  private readonly streams = new Map<OutputStream, PlainOutput>();
  private readonly output: HeadAndTail;
  private readonly subscriptions = new DisposableStore();
  private readonly settled = new Deferred<void>();
  private outcome: CommandReport['outcome'] = { kind: 'running' };

  /** Made in the same turn in which the start resolved, or first events would be missed. */
  constructor(
    readonly process: ClientProcess,
    readonly origin: CommandOrigin,
    private readonly surroundings: CommandSurroundings,
  ) {
    this.output = new HeadAndTail(surroundings.limits.maxToolOutputChars);
    this.subscriptions.add(process.onDidEmit((event) => this.receive(event)));
  }

  get hasEnded(): boolean {
    return this.settled.isSettled;
  }

  /** Waits until it has ended, the time is over, or the signal is aborted. Never rejects. */
  async wait(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (this.settled.isSettled || signal.aborted) return;
    const enough = new Deferred<void>();
    const waiting = new DisposableStore();
    const finish = (): void => enough.resolve(undefined);
    waiting.add(this.surroundings.clock.schedule(finish, timeoutMs));
    signal.addEventListener('abort', finish);
    waiting.add(toDisposable(() => signal.removeEventListener('abort', finish)));
    await Promise.race([this.settled.promise, enough.promise]);
    waiting.dispose();
  }

  /** How it stands, with the output since the last report. */
  report(maxTokens: number): CommandReport {
    return { ...withinBudget(this.output.take(), maxTokens), outcome: this.outcome };
  }

  dispose(): void {
    this.subscriptions.dispose();
    this.settled.resolve(undefined);
  }

  private receive(event: ClientProcessEvent): void {
    switch (event.type) {
      case 'output':
        this.surroundings.brake.count(event.chunk.length);
        this.output.append(this.streamOf(event.stream).write(event.chunk));
        break;
      case 'exited':
        this.outcome = { kind: 'exited', exitCode: event.exitCode };
        this.subscriptions.add(
          this.surroundings.clock.schedule(
            () => this.settle(),
            this.surroundings.limits.toolOutputRestMs,
          ),
        );
        break;
      case 'closed':
        this.settle();
        break;
      case 'failed':
        // A program that exited before has told its end; only what held its output open is lost.
        if (this.outcome.kind === 'running') {
          this.outcome = { kind: 'failed', reason: event.message };
        }
        this.settle();
        break;
    }
  }

  private streamOf(stream: OutputStream): PlainOutput {
    const known = this.streams.get(stream) ?? new PlainOutput();
    this.streams.set(stream, known);
    return known;
  }

  private settle(): void {
    if (this.settled.isSettled) return;
    for (const stream of this.streams.values()) this.output.append(stream.end());
    this.dispose();
  }
}
