import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { Readable } from 'node:stream';
import type { Clock } from '../../base/clock';
import { errnoCodeOf } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { spawnFailed } from '../../protocol/errorCodes';
import { drainDescriptor } from './drainDescriptor';
import { exitCodeOf } from './exitCode';
import type { OpenTerminals } from './openTerminals';
import type { OutputSourceOptions } from './outputSource';
import { OutputSource } from './outputSource';
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
  /** See `allocateReadBuffer`. */
  readonly readBuffer: Buffer;
  readonly clock: Clock;
  readonly maxQueuedStdinBytes: number;
  readonly logger: Logger;
}

/** One stream of a program's output: a pipe of ours, or what Node made. */
interface Output {
  readonly name: 'stdout' | 'stderr';
  readonly from: PipePair | Readable;
}

/** An output that is being read. */
interface FollowedOutput {
  readonly name: Output['name'];
  readonly fd: number | undefined;
  isPaused(): boolean;
  setPaused(paused: boolean): void;
  destroy(): void;
}

/** A program whose output is a pipe per stream and whose input is a pipe or empty. */
export class PipeProgram implements RunningProgram {
  private observer: ProgramObserver | undefined;
  private readonly open = new Set<FollowedOutput>();
  private exited = false;
  /** The descriptors are closed, and their numbers may be somebody else's. */
  private released = false;

  private constructor(
    readonly pid: number,
    private readonly child: ChildProcess,
    private readonly outputs: readonly Output[],
    private readonly input: PipeInput | undefined,
    private readonly reading: Reading,
  ) {}

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
    return new PipeProgram(child.pid, child, outputs, input, context);
  }

  observe(observer: ProgramObserver): void {
    this.observer = observer;
    for (const output of this.outputs) this.open.add(this.follow(output, observer));
    this.child.on('exit', (code, signal) => {
      this.exited = true;
      this.input?.dispose();
      this.readAhead(observer);
      observer.onExited(exitCodeOf(code, signal));
      this.closeWhenDone();
    });
  }

  setOutputPaused(paused: boolean): void {
    for (const output of this.open) output.setPaused(paused);
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
    this.released = true;
    for (const output of this.open) output.destroy();
    this.input?.dispose();
  }

  private follow({ name, from }: Output, observer: ProgramObserver): FollowedOutput {
    const onData = (bytes: Buffer): void => observer.onOutput(name, bytes);
    const onEnd = (failure?: Error): void => {
      if (!this.open.delete(followed)) return;
      if (failure !== undefined) observer.onOutputLost(name, failure.message);
      this.closeWhenDone();
    };
    const followed =
      from instanceof Readable
        ? followStream(name, from, { onData, onEnd })
        : followPipe(name, from.ours, { ...this.reading, onData, onEnd });
    return followed;
  }

  /**
   * The event loop reaps every ended child when any child ends, even one whose last output it has not
   * come round to. That output is taken here, so that it comes before the exit.
   */
  private readAhead(observer: ProgramObserver): void {
    for (const output of this.open) {
      if (this.released || output.fd === undefined || output.isPaused()) continue;
      const { name, fd } = output;
      drainDescriptor(fd, this.reading.readBuffer, (bytes) => {
        observer.onOutput(name, bytes);
        return !this.released;
      });
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
  if (typeof end !== 'string') return { name, from: end };
  if (fallback === null) throw new Error('A child was started without the pipe it was given');
  return { name, from: fallback };
}

type Follower = Pick<OutputSourceOptions, 'onData' | 'onEnd'>;
type Reading = Pick<OutputSourceOptions, 'readBuffer' | 'clock'>;

function followPipe(
  name: Output['name'],
  fd: number,
  { readBuffer, clock, onData, onEnd }: Follower & Reading,
): FollowedOutput {
  const source = new OutputSource({ fd, kind: 'pipe', readBuffer, clock, onData, onEnd });
  return {
    name,
    fd,
    isPaused: () => source.isPaused,
    setPaused: (paused) => source.setPaused(paused),
    destroy: () => source.destroy(),
  };
}

function followStream(
  name: Output['name'],
  stream: Readable,
  { onData, onEnd }: Follower,
): FollowedOutput {
  const end = (): void => onEnd();
  stream.on('data', onData);
  stream.on('end', end);
  stream.on('close', end);
  stream.on('error', onEnd);
  return {
    name,
    fd: undefined,
    isPaused: () => stream.isPaused(),
    setPaused(paused) {
      if (paused) stream.pause();
      else stream.resume();
    },
    destroy: () => stream.destroy(),
  };
}

function writable(end: PipePair | string, fallback: Writable | null): Writable | undefined {
  if (typeof end === 'string') return fallback ?? undefined;
  return new Socket({ fd: end.ours, readable: false, writable: true });
}
