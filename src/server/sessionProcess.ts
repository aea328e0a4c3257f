import type { Clock } from '../base/clock';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import { DisposableStore } from '../base/lifecycle';
import type { ManagedProcess, ProcessEvent } from '../environment/processBackend';
import type { WriteStatus } from '../protocol/processMessages';
import { WriteLedger } from './writeLedger';

/** Who a process takes its input from. */
export type InputHolder = 'agent' | 'user';

/** Who ended a process, when it did not end by itself. */
export type EndedBy = 'user' | 'agent' | 'sessionExpired' | 'shutdown';

/** What was asked for, kept for whoever watches. */
export interface ProcessDescription {
  /** The executor's own number for it, never used twice. */
  readonly serial: number;
  readonly sessionId: string;
  readonly processId: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly tty: boolean;
  readonly acceptsInput: boolean;
}

/** A process that could not be started. */
export interface FailedStart {
  readonly description: ProcessDescription;
  /** Why, in the words the agent was told. */
  readonly failure: string;
  /** The name of the remote environment it was to run in; absent on this machine. */
  readonly remote: string | undefined;
  readonly failedAtMs: number;
}

/** A process in its role as part of a session: who may type into it, who ended it, what it has said. */
export class SessionProcess implements Disposable {
  private readonly subscriptions = new DisposableStore();
  private readonly changeEmitter = new Emitter<void>();
  private readonly ledger: WriteLedger;
  private holder: InputHolder = 'agent';
  private enderOf: EndedBy | undefined;
  private outputByteCount = 0;
  private lastOutputAt: number | undefined;
  private exitedAt: number | undefined;

  /** Fires when anything a viewer shows has changed. */
  readonly onDidChange = this.changeEmitter.event;
  readonly startedAtMs: number;

  constructor(
    readonly description: ProcessDescription,
    readonly process: ManagedProcess,
    private readonly clock: Clock,
    limits: Limits,
  ) {
    this.startedAtMs = clock.now();
    this.ledger = new WriteLedger(limits.maxRememberedWriteIds);
    this.subscriptions.add(
      process.onDidEmit((event) => {
        this.observe(event);
      }),
    );
  }

  get inputHolder(): InputHolder {
    return this.holder;
  }

  get endedBy(): EndedBy | undefined {
    return this.enderOf;
  }

  get outputBytes(): number {
    return this.outputByteCount;
  }

  get lastOutputAtMs(): number | undefined {
    return this.lastOutputAt;
  }

  get exitedAtMs(): number | undefined {
    return this.exitedAt;
  }

  /**
   * Input from the agent. While a person has the keyboard the answer is `starting`: of all answers it is
   * the one that Codex clients take as "not now"; an error or `stdinClosed` makes them end the process.
   */
  async writeAsAgent(chunk: Buffer, writeId: string | undefined): Promise<WriteStatus> {
    // A repetition asks what became of a write that may have gone through before the person came.
    const earlier = writeId === undefined ? undefined : this.ledger.find(writeId);
    if (earlier !== undefined) return earlier;
    if (this.holder === 'user') return 'starting';
    if (writeId === undefined) return this.process.write(chunk);
    return this.ledger.write(writeId, () => this.process.write(chunk));
  }

  /** The end of input from the agent; `starting` while a person has the keyboard. */
  async closeStdinAsAgent(): Promise<WriteStatus> {
    if (this.holder === 'user') return 'starting';
    return this.process.closeStdin();
  }

  setInputHolder(holder: InputHolder): void {
    if (this.holder === holder) return;
    this.holder = holder;
    this.changeEmitter.fire();
  }

  /** Kills the process and what it started. */
  terminate(by: EndedBy): { readonly running: boolean } {
    this.noteEnder(by);
    return this.process.terminate();
  }

  /** Ends the process politely at first; see `ManagedProcess.end`. */
  end(by: EndedBy, graceMs: number): Promise<void> {
    this.noteEnder(by);
    return this.process.end(graceMs);
  }

  dispose(): void {
    this.subscriptions.dispose();
    this.changeEmitter.dispose();
  }

  private noteEnder(by: EndedBy): void {
    if (!this.process.state.exited) this.enderOf ??= by;
  }

  private observe(event: ProcessEvent): void {
    if (event.type === 'output') {
      this.outputByteCount += event.chunk.length;
      this.lastOutputAt = this.clock.now();
    } else if (event.type === 'exited') {
      this.exitedAt = this.clock.now();
      this.holder = 'agent';
    }
    this.changeEmitter.fire();
  }
}
