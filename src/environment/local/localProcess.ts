import type { Clock } from '../../base/clock';
import { Deferred } from '../../base/deferred';
import { toError } from '../../base/errors';
import { Emitter } from '../../base/event';
import type { Event } from '../../base/event';
import type { Logger } from '../../base/logger';
import { waitAtMost } from '../../base/withinTime';
import type { OutputStream, ProcessSignal } from '../../protocol/processMessages';
import type {
  ManagedProcess,
  ProcessEvent,
  ProcessState,
  RetainedOutput,
  TerminalSize,
} from '../processBackend';
import { LOST_EXIT_CODE } from '../processBackend';
import type { SandboxType } from '../sandbox';
import { OutputLog } from '../outputLog';
import type { OutputLogLimits } from '../outputLog';
import type { ProcessTree } from './processTree';
import type { ProgramObserver, RunningProgram } from './runningProgram';
import { looksDenied } from './sandbox/sandboxDenial';

/** What a process needs beyond the program it stands for. */
export interface LocalProcessContext {
  readonly limits: OutputLogLimits;
  readonly tree: ProcessTree;
  readonly clock: Clock;
  readonly logger: Logger;
  /** On a terminal the polite way to end a program is to hang up. */
  readonly isTerminal: boolean;
  /** What confines the program; absent: nothing. */
  readonly sandboxType?: SandboxType | undefined;
}

/** How long the output of an ended tree may take to arrive, before it is cut off. */
const lastOutputMs = 200;

const systemSignals: Readonly<Record<ProcessSignal, NodeJS.Signals>> = {
  interrupt: 'SIGINT',
  terminate: 'SIGTERM',
  kill: 'SIGKILL',
  hangup: 'SIGHUP',
  quit: 'SIGQUIT',
};

/**
 * A program on this machine as its clients see it: numbered events, bounded memory of its output, and
 * a tree of processes that ends as a whole.
 *
 * Events fire synchronously from the read that brought them, and never in the turn of the event loop
 * that started the program; whoever awaited the start and subscribes at once misses nothing.
 */
export class LocalProcess implements ManagedProcess, ProgramObserver {
  readonly pid: number;
  readonly sandboxType: SandboxType;
  readonly onDidEmit: Event<ProcessEvent>;
  private readonly emitter: Emitter<ProcessEvent>;
  private readonly log: OutputLog;
  private readonly whenClosed = new Deferred<void>();
  private exitCode: number | undefined;
  /** What the exit says about the sandbox, where there is one. */
  private verdict: { readonly sandboxDenied?: boolean } = {};
  private closed = false;
  private failure: string | undefined;
  private ending: Promise<void> | undefined;

  constructor(
    private readonly program: RunningProgram,
    private readonly context: LocalProcessContext,
  ) {
    this.pid = program.pid;
    this.sandboxType = context.sandboxType ?? 'none';
    this.log = new OutputLog(context.limits);
    this.emitter = new Emitter<ProcessEvent>((error) =>
      context.logger.error('A listener of a process failed', { reason: toError(error).message }),
    );
    this.onDidEmit = this.emitter.event;
    program.observe(this);
  }

  get state(): ProcessState {
    return {
      exited: this.exitCode !== undefined,
      exitCode: this.exitCode,
      ...this.verdict,
      closed: this.closed,
      // Until then the program may still be told about as usual.
      ...(this.closed && this.failure !== undefined && { failure: this.failure }),
      nextSeq: this.log.nextSeq,
    };
  }

  /** Settles when nothing can come from the process any more. */
  get closing(): Promise<void> {
    return this.whenClosed.promise;
  }

  onOutput(stream: OutputStream, bytes: Buffer): void {
    this.emitter.fire({ type: 'output', ...this.log.append(stream, bytes) });
  }

  /** Whoever reads on would take a part for the whole, so the program ends here, as one that was lost. */
  onOutputLost(stream: OutputStream, reason: string): void {
    this.failure ??= `reading its ${stream} failed: ${reason}`;
    this.context.logger.warn('The output of a process was lost', { pid: this.pid, stream, reason });
    const lineEnd = stream === 'pty' ? '\r\n' : '\n';
    const notice = `exec-server ended this program: ${this.failure}${lineEnd}`;
    this.onOutput(stream === 'pty' ? 'pty' : 'stderr', Buffer.from(notice));
    this.context.tree.kill();
  }

  onExited(ownExitCode: number): void {
    this.context.tree.markLeaderExited();
    const exitCode = this.failure === undefined ? ownExitCode : LOST_EXIT_CODE;
    this.exitCode = exitCode;
    if (this.sandboxType !== 'none') this.verdict = { sandboxDenied: this.looksDenied(exitCode) };
    this.emitter.fire({ type: 'exited', seq: this.log.takeSeq(), exitCode, ...this.verdict });
  }

  onClosed(): void {
    this.closed = true;
    this.log.seal();
    this.whenClosed.resolve();
    this.emitter.fire({ type: 'closed', seq: this.log.takeSeq() });
  }

  retainedOutput(afterSeq: number, maxBytes: number): RetainedOutput {
    return this.log.retained(afterSeq, maxBytes);
  }

  setOutputPaused(paused: boolean): void {
    this.program.setOutputPaused(paused);
  }

  write(chunk: Buffer): Promise<'accepted' | 'stdinClosed'> {
    return this.program.write(chunk);
  }

  closeStdin(): Promise<'accepted' | 'stdinClosed'> {
    return this.program.closeStdin();
  }

  resize(size: TerminalSize): void {
    this.program.resize(size);
  }

  signal(signal: ProcessSignal): void {
    this.context.tree.signalGroup(systemSignals[signal]);
  }

  terminate(): { readonly running: boolean } {
    const running = this.exitCode === undefined;
    // What an exited program left behind is not touched: agents call this after every process, and
    // leave servers running on purpose.
    if (running) this.context.tree.kill();
    return { running };
  }

  end(graceMs: number): Promise<void> {
    this.ending ??= this.endTree(graceMs);
    return this.ending;
  }

  /** Kills the tree and lets go of the output, without waiting for either. */
  kill(): void {
    this.context.tree.kill();
    this.program.releaseOutput();
  }

  private looksDenied(exitCode: number): boolean {
    const { chunks } = this.log.retained(0, Number.POSITIVE_INFINITY);
    return looksDenied(
      exitCode,
      chunks.map(({ chunk }) => chunk),
    );
  }

  private async endTree(graceMs: number): Promise<void> {
    const { clock, isTerminal, logger, tree } = this.context;
    const isGone = await tree.end(isTerminal ? 'SIGHUP' : 'SIGTERM', graceMs, clock);
    if (!isGone) logger.warn('A process outlived its forced end', { pid: this.pid });
    if (await this.closedWithin(lastOutputMs)) return;
    this.program.releaseOutput();
    await this.closedWithin(lastOutputMs);
  }

  private async closedWithin(waitMs: number): Promise<boolean> {
    await waitAtMost(this.whenClosed.promise, this.context.clock, waitMs);
    return this.closed;
  }
}
