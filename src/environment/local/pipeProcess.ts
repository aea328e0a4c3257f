import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { errnoCodeOf } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { spawnFailed } from '../../protocol/errorCodes';
import { drainDescriptor } from './drainDescriptor';
import { exitCodeOf } from './exitCode';
import type { OpenTerminals } from './openTerminals';
import type { PipePair, PipePairs } from './pipePairs';
import { closePair } from './pipePairs';
import { PipeInput } from './pipeInput';
import type {
  InputStatus,
  ProgramObserver,
  ProgramRequest,
  RunningProgram,
} from './runningProgram';

/** What starting a program on pipes needs from its surroundings. */
export interface PipeContext {
  readonly pipes: PipePairs;
  readonly terminals: OpenTerminals;
  readonly maxQueuedStdinBytes: number;
  readonly logger: Logger;
}

/** One stream of a program's output. */
interface Output {
  readonly name: 'stdout' | 'stderr';
  readonly stream: Readable;
  /** The stream's descriptor, where it is a pipe of ours. */
  readonly fd: number | undefined;
}

/** A program whose output is a pipe per stream and whose input is a pipe or empty. */
export class PipeProgram implements RunningProgram {
  private observer: ProgramObserver | undefined;
  private readonly open: Set<Output>;
  private exited = false;

  private constructor(
    readonly pid: number,
    private readonly child: ChildProcess,
    private readonly outputs: readonly Output[],
    private readonly input: PipeInput | undefined,
  ) {
    this.open = new Set(outputs);
  }

  /** @throws RpcError when the system would not start it. */
  static async start(
    request: ProgramRequest & { readonly pipeStdin: boolean },
    context: PipeContext,
  ): Promise<PipeProgram> {
    const ends = takePipes(request.pipeStdin, context.pipes);
    let child: ChildProcess;
    try {
      child = spawnChild(request, ends, context.terminals);
    } catch (error) {
      ends.closeAll();
      throw spawnFailed(errnoCodeOf(error) ?? 'EINVAL');
    }
    // Node reports some failures as an event; without a listener they would end the executor.
    const failure = new Promise<Error>((resolve) => {
      child.on('error', resolve);
    });
    if (child.pid === undefined) {
      ends.closeAll();
      throw spawnFailed(errnoCodeOf(await failure) ?? 'EAGAIN');
    }
    ends.closeTheirs();
    const outputs = [
      outputOf('stdout', ends.stdout, child.stdout),
      outputOf('stderr', ends.stderr, child.stderr),
    ];
    const stdin = writable(ends.stdin, child.stdin);
    const input = stdin === undefined ? undefined : new PipeInput(stdin, context);
    return new PipeProgram(child.pid, child, outputs, input);
  }

  observe(observer: ProgramObserver): void {
    this.observer = observer;
    for (const output of this.outputs) this.follow(output, observer);
    this.child.on('exit', (code, signal) => {
      this.exited = true;
      this.input?.dispose();
      this.readAhead(observer);
      observer.onExited(exitCodeOf(code, signal));
      this.closeWhenDone();
    });
  }

  setOutputPaused(paused: boolean): void {
    for (const { stream } of this.outputs) {
      if (paused) stream.pause();
      else stream.resume();
    }
  }

  write(chunk: Buffer): Promise<InputStatus> {
    return this.input?.write(chunk) ?? Promise.resolve('stdinClosed');
  }

  closeStdin(): Promise<InputStatus> {
    return Promise.resolve(this.input?.close() ?? 'stdinClosed');
  }

  resize(): void {
    // There is no terminal whose size could change.
  }

  releaseOutput(): void {
    for (const { stream } of this.outputs) stream.destroy();
    this.input?.dispose();
  }

  private follow(output: Output, observer: ProgramObserver): void {
    const { name, stream } = output;
    const end = (): void => {
      if (this.open.delete(output)) this.closeWhenDone();
    };
    stream.on('data', (chunk: Buffer) => observer.onOutput(name, chunk));
    stream.on('end', end);
    stream.on('close', end);
    // A failed read ends the stream: 'close' follows.
    stream.on('error', () => undefined);
  }

  /**
   * The event loop reaps every ended child when any child ends, even one whose last output it has not
   * come round to. That output is taken here, so that it comes before the exit.
   */
  private readAhead(observer: ProgramObserver): void {
    for (const { name, stream, fd } of this.open) {
      if (fd === undefined || stream.destroyed || stream.isPaused()) continue;
      for (const chunk of drainDescriptor(fd)) observer.onOutput(name, chunk);
    }
  }

  private closeWhenDone(): void {
    if (!this.exited || this.open.size > 0) return;
    const observer = this.observer;
    this.observer = undefined;
    observer?.onClosed();
  }
}

/** The pipes of one start; a stream without one is left to Node. */
interface StartEnds {
  readonly stdin: PipePair | 'pipe' | 'ignore';
  readonly stdout: PipePair | 'pipe';
  readonly stderr: PipePair | 'pipe';
  closeTheirs(): void;
  closeAll(): void;
}

function takePipes(pipeStdin: boolean, pipes: PipePairs): StartEnds {
  const stdin = pipeStdin ? (pipes.takeInput() ?? 'pipe') : 'ignore';
  const stdout = pipes.takeOutput() ?? 'pipe';
  const stderr = pipes.takeOutput() ?? 'pipe';
  const pairs = [stdin, stdout, stderr].filter((end) => typeof end !== 'string');
  return {
    stdin,
    stdout,
    stderr,
    closeTheirs: () => pairs.forEach((pair) => closeSync(pair.theirs)),
    closeAll: () => pairs.forEach(closePair),
  };
}

function spawnChild(
  request: ProgramRequest,
  ends: StartEnds,
  terminals: OpenTerminals,
): ChildProcess {
  const [file, ...args] = request.argv;
  const slot = (end: PipePair | 'pipe' | 'ignore'): number | 'pipe' | 'ignore' =>
    typeof end === 'string' ? end : end.theirs;
  return terminals.cover((extraSlots) =>
    spawn(file, args, {
      cwd: request.cwd,
      env: { ...request.env },
      ...(request.arg0 === undefined ? {} : { argv0: request.arg0 }),
      stdio: [slot(ends.stdin), slot(ends.stdout), slot(ends.stderr), ...extraSlots],
      // A session of its own on Unix. On Windows this would open a console window instead.
      detached: process.platform !== 'win32',
      windowsHide: true,
    }),
  );
}

function outputOf(name: Output['name'], end: PipePair | string, fallback: Readable | null): Output {
  if (typeof end !== 'string') {
    const stream = new Socket({ fd: end.ours, readable: true, writable: false });
    return { name, stream, fd: end.ours };
  }
  if (fallback === null) throw new Error('A child was started without the pipe it was given');
  return { name, stream: fallback, fd: undefined };
}

function writable(end: PipePair | string, fallback: Writable | null): Writable | undefined {
  if (typeof end === 'string') return fallback ?? undefined;
  return new Socket({ fd: end.ours, readable: false, writable: true });
}
