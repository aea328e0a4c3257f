import type { Clock } from '../../base/clock';
import { Deferred } from '../../base/deferred';
import { toError } from '../../base/errors';
import type { Event } from '../../base/event';
import { Emitter } from '../../base/event';
import { DisposableStore, MutableDisposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { Logger } from '../../base/logger';
import { waitAtMost } from '../../base/withinTime';
import type { ClientProcess, ClientProcessEvent } from '../../client/clientProcess';
import type { ProcessSignal } from '../../protocol/processMessages';
import { OutputLog } from '../outputLog';
import type {
  InputOutcome,
  ManagedProcess,
  ProcessEvent,
  ProcessState,
  RetainedOutput,
  TerminalSize,
} from '../processBackend';
import { LOST_EXIT_CODE } from '../processBackend';
import type { SandboxType } from '../sandbox';
import type { ReaderSession } from './readerSession';
import type { RemoteAbilities } from './remoteAbilities';
import { toRemoteFailure } from './remoteErrors';

/** What a process needs beyond the one at the remote that it stands for. */
export interface RemoteProcessContext {
  /** The user's name for the remote. */
  readonly remote: string;
  readonly session: ReaderSession;
  readonly abilities: RemoteAbilities;
  readonly isTerminal: boolean;
  readonly limits: Pick<
    Limits,
    | 'maxRetainedOutputBytes'
    | 'maxRetainedOutputChunks'
    | 'maxRemoteInputBytes'
    | 'remoteLastOutputMs'
    | 'remoteEndMs'
  >;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Exit {
  readonly exitCode: number;
  readonly sandboxDenied?: boolean;
}

/** End of input as a terminal has it. */
const END_OF_FILE = Buffer.from([4]);

/**
 * A process at a remote as its clients see it. Its events are numbered here, because an exit that overtook
 * output there is told after it. Its newest output is kept here too, so that readers need no call for it,
 * also after the remote is lost.
 */
export class RemoteProcess implements ManagedProcess {
  private readonly store = new DisposableStore();
  private readonly emitter: Emitter<ProcessEvent>;
  private readonly log: OutputLog;
  private readonly whenClosed = new Deferred<void>();
  private exit: Exit | undefined;
  /** Not told yet: its output may still be on its way. */
  private heldExit: Exit | undefined;
  private readonly exitTimer = this.store.add(new MutableDisposable());
  private failure: string | undefined;
  private isClosed = false;
  private isEnding = false;
  private hasEndedInput = false;

  readonly pid = undefined;
  readonly remote: string;
  readonly sandboxType: SandboxType;
  readonly onDidEmit: Event<ProcessEvent>;

  constructor(
    private readonly there: ClientProcess,
    private readonly context: RemoteProcessContext,
  ) {
    this.remote = context.remote;
    this.sandboxType = there.sandboxType;
    this.log = new OutputLog(context.limits);
    this.emitter = new Emitter<ProcessEvent>((error) =>
      context.logger.error('A listener of a process failed', { reason: toError(error).message }),
    );
    this.onDidEmit = this.emitter.event;
    this.store.add(
      there.onDidEmit((event) => {
        this.receive(event);
      }),
    );
  }

  get state(): ProcessState {
    const { exit, failure } = this;
    return {
      exited: exit !== undefined,
      exitCode: exit?.exitCode,
      ...(exit?.sandboxDenied !== undefined && { sandboxDenied: exit.sandboxDenied }),
      closed: this.isClosed,
      ...(failure !== undefined && { failure }),
      nextSeq: this.log.nextSeq,
    };
  }

  /** Settles when nothing can come from the process any more. */
  get closing(): Promise<void> {
    return this.whenClosed.promise;
  }

  retainedOutput(afterSeq: number, maxBytes: number): RetainedOutput {
    return this.log.retained(afterSeq, maxBytes);
  }

  setOutputPaused(paused: boolean): void {
    // Who waits for its end must hear of it.
    this.context.session.setPaused(this, paused && !this.isClosed && !this.isEnding);
  }

  async write(chunk: Buffer): Promise<InputOutcome> {
    const { maxRemoteInputBytes } = this.context.limits;
    const rest = Math.max(0, chunk.length - maxRemoteInputBytes);
    // Not awaited one by one: the pieces of two writes must not mix.
    const outcomes = [this.writePiece(chunk.subarray(0, chunk.length - rest))];
    for (let start = chunk.length - rest; start < chunk.length; start += maxRemoteInputBytes) {
      outcomes.push(this.writePiece(chunk.subarray(start, start + maxRemoteInputBytes)));
    }
    const refusal = (await Promise.all(outcomes)).find((outcome) => outcome !== 'accepted');
    return refusal ?? 'accepted';
  }

  async closeStdin(): Promise<InputOutcome> {
    if (this.isClosed || this.hasEndedInput) return 'stdinClosed';
    const { abilities, isTerminal } = this.context;
    const outcome = await this.input(async () => {
      // There is no method for it at the measured peer; on a terminal the character does it.
      const status = isTerminal
        ? await abilities.ifKnown('process/closeStdin', () => this.there.closeStdin())
        : await this.there.closeStdin();
      return status ?? this.there.write(END_OF_FILE);
    });
    if (outcome === 'accepted') this.hasEndedInput = true;
    return outcome;
  }

  resize(size: TerminalSize): void {
    if (this.isClosed || !this.context.isTerminal) return;
    this.attempt('resize', () =>
      this.context.abilities.ifKnown('process/resize', () => this.there.resize(size)),
    );
  }

  signal(signal: ProcessSignal): void {
    if (this.isClosed) return;
    this.attempt('signal', () => this.context.abilities.signal(this.there, signal));
  }

  terminate(): { readonly running: boolean } {
    const running = this.exit === undefined;
    if (running) this.attempt('terminate', () => this.there.terminate());
    return { running };
  }

  async end(graceMs: number): Promise<void> {
    if (this.isClosed) return;
    this.isEnding = true;
    this.setOutputPaused(false);
    const signal = this.context.isTerminal ? 'hangup' : 'terminate';
    this.attempt(signal, () => this.context.abilities.askToEnd(this.there, signal));
    if (await this.closesWithin(graceMs)) return;
    this.terminate();
    if (await this.closesWithin(this.context.limits.remoteEndMs)) return;
    // What runs there ends with its session, which nobody takes up again.
    this.fail('it did not end in time');
  }

  /** Nobody can tell any more what becomes of it. Without effect on one that has closed. */
  fail(reason: string): void {
    if (this.isClosed) return;
    this.store.dispose();
    const { isTerminal, remote } = this.context;
    this.failure = `the process on ${remote} was lost: ${reason}`;
    this.print(isTerminal ? `\r\n${this.failure}\r\n` : `${this.failure}\n`);
    this.heldExit ??= { exitCode: LOST_EXIT_CODE };
    this.tellExit();
    this.close();
  }

  private receive(event: ClientProcessEvent): void {
    switch (event.type) {
      case 'output':
        this.emitter.fire({ type: 'output', ...this.log.append(event.stream, event.chunk) });
        return;
      case 'exited': {
        const { exitCode, sandboxDenied } = event;
        this.holdExit(this.sandboxType === 'none' ? { exitCode } : { exitCode, sandboxDenied });
        return;
      }
      case 'closed':
        this.tellExit();
        this.close();
        return;
      case 'failed':
        this.fail(event.message);
    }
  }

  /** The close tells that no output is missing; what a program left in the background may hold it up. */
  private holdExit(exit: Exit): void {
    this.heldExit = exit;
    const { clock, limits } = this.context;
    this.exitTimer.value = clock.schedule(() => this.tellExit(), limits.remoteLastOutputMs);
  }

  private tellExit(): void {
    const { heldExit } = this;
    this.exitTimer.value = undefined;
    this.heldExit = undefined;
    if (this.exit !== undefined || heldExit === undefined) return;
    this.exit = heldExit;
    this.emitter.fire({ type: 'exited', seq: this.log.takeSeq(), ...heldExit });
  }

  private close(): void {
    this.isClosed = true;
    this.store.dispose();
    this.log.seal();
    this.context.session.setPaused(this, false);
    this.whenClosed.resolve();
    this.emitter.fire({ type: 'closed', seq: this.log.takeSeq() });
  }

  private print(text: string): void {
    const stream = this.context.isTerminal ? 'pty' : 'stderr';
    this.emitter.fire({ type: 'output', ...this.log.append(stream, Buffer.from(text)) });
  }

  private writePiece(piece: Buffer): Promise<InputOutcome> {
    if (this.isClosed || this.hasEndedInput) return Promise.resolve(this.outcomeOfNothing());
    return this.input(() => this.there.write(piece));
  }

  /** Input that cannot arrive because everything is over is no failure, as on this machine. */
  private async input(send: () => Promise<InputOutcome | 'unknownProcess'>): Promise<InputOutcome> {
    try {
      const status = await send();
      return status === 'unknownProcess' ? 'stdinClosed' : status;
    } catch (error) {
      if (this.isClosed) return this.outcomeOfNothing();
      throw toRemoteFailure(this.remote, error);
    }
  }

  private outcomeOfNothing(): InputOutcome {
    return this.context.isTerminal && !this.hasEndedInput ? 'accepted' : 'stdinClosed';
  }

  /** For calls whose outcome nobody waits for: what they effect shows in the events. */
  private attempt(what: string, call: () => Promise<unknown>): void {
    call().catch((error: unknown) => {
      const reason = toError(error).message;
      this.context.logger.warn(`a process at a remote did not take a ${what}`, { reason });
    });
  }

  private async closesWithin(waitMs: number): Promise<boolean> {
    await waitAtMost(this.closing, this.context.clock, waitMs);
    return this.isClosed;
  }
}
