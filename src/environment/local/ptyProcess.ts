import { closeSync, constants, openSync } from 'node:fs';
import type { Clock } from '../../base/clock';
import { errnoCodeOf, toError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { ErrorCode, RpcError, spawnFailed } from '../../protocol/errorCodes';
import type { TerminalSize } from '../processBackend';
import { drainDescriptor } from './drainDescriptor';
import { exitCodeOf } from './exitCode';
import type { ForkRequest, ForkedTerminal, TerminalBinding } from './nodePtyBinding';
import type { OpenTerminals } from './openTerminals';
import { OutputSource } from './outputSource';
import { findProgram, workingDirectoryError } from './programLookup';
import { PtyInput } from './ptyInput';
import { throughRenamer } from './renamedProgram';
import type {
  InputStatus,
  ProgramObserver,
  ProgramRequest,
  RunningProgram,
} from './runningProgram';

/** What starting a program in a terminal needs from its surroundings. */
export interface PtyContext {
  readonly binding: TerminalBinding;
  readonly terminals: OpenTerminals;
  /** See `allocateReadBuffer`. */
  readonly readBuffer: Buffer;
  /** The executor's own `PATH`, for the program that sets `arg0`. */
  readonly executorPath: string | undefined;
  readonly maxQueuedStdinBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * A program in a pseudoterminal. Owns the master; it closes with the program's exit, even if something
 * it left behind still has the terminal open, because that is when a terminal window would close.
 */
export class PtyProgram implements RunningProgram {
  readonly pid: number;
  private readonly fd: number;
  private readonly output: OutputSource;
  private readonly input: PtyInput;
  /**
   * Our own handle on the program's side. While it is open, reading the master says "nothing there
   * yet" and never "hung up", so a program that closes its terminal and lives on is not taken for gone.
   */
  private readonly slave: number | undefined;
  private observer: ProgramObserver | undefined;
  private released = false;

  private constructor(
    private readonly context: PtyContext,
    request: Omit<ForkRequest, 'onExit'>,
  ) {
    const terminal = fork(context, {
      ...request,
      onExit: (code, signal) => this.finish(exitCodeOf(code, signal)),
    });
    this.pid = terminal.pid;
    this.fd = terminal.fd;
    this.output = this.openOutput(terminal);
    this.slave = openSlave(terminal.pty, context.logger);
    this.input = new PtyInput(this.fd, context.clock, context);
    context.terminals.add(this.fd);
  }

  /** @throws RpcError when the system would not start it. */
  static start(
    request: ProgramRequest & { readonly terminal: TerminalSize },
    context: PtyContext,
  ): PtyProgram {
    const { env, cwd, terminal } = request;
    // The native part reports no failure between fork and exec, so what can fail is looked at before.
    const cwdError = workingDirectoryError(cwd);
    if (cwdError !== undefined) throw spawnFailed(cwdError);
    const lookup = findProgram(request.argv[0], cwd, env['PATH']);
    if (!lookup.found) throw spawnFailed(lookup.errorCode);
    const [file, ...args] =
      request.arg0 === undefined
        ? request.argv
        : throughRenamer({
            arg0: request.arg0,
            file: lookup.file,
            args: request.argv.slice(1),
            env,
            executorPath: context.executorPath,
          });
    const envPairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    if (isTooLong([file, ...args, ...envPairs])) throw spawnFailed('E2BIG');
    return new PtyProgram(context, {
      file,
      args,
      envPairs,
      cwd,
      rows: terminal.rows,
      cols: terminal.cols,
    });
  }

  observe(observer: ProgramObserver): void {
    this.observer = observer;
  }

  setOutputPaused(paused: boolean): void {
    if (this.released) return;
    this.output.setPaused(paused);
  }

  write(chunk: Buffer): Promise<InputStatus> {
    return this.input.write(chunk);
  }

  closeStdin(): Promise<InputStatus> {
    return this.input.close();
  }

  resize(size: TerminalSize): void {
    if (this.released) return;
    try {
      this.context.binding.resize(this.fd, size.cols, size.rows);
    } catch (error) {
      this.context.logger.warn('A terminal kept its size', { reason: toError(error).message });
    }
  }

  releaseOutput(): void {
    this.release();
  }

  private finish(exitCode: number): void {
    const observer = this.observer;
    if (!this.released) {
      // What the program wrote before its end: first what is gathered here, then the kernel's part.
      this.output.flush();
      drainDescriptor(this.fd, this.context.readBuffer, (bytes) => {
        observer?.onOutput('pty', bytes);
        return !this.released;
      });
    }
    this.observer = undefined;
    this.release();
    observer?.onExited(exitCode);
    observer?.onClosed();
  }

  /** Hands the master over; when that fails, nothing of the fork may stay. */
  private openOutput(terminal: ForkedTerminal): OutputSource {
    try {
      return new OutputSource({
        fd: terminal.fd,
        kind: 'terminal',
        readBuffer: this.context.readBuffer,
        clock: this.context.clock,
        onData: (bytes) => this.observer?.onOutput('pty', bytes),
        onEnd: (failure) => {
          // EIO: everybody hung up, which is no failure. The exit is still reported by the binding.
          if (failure !== undefined && errnoCodeOf(failure) !== 'EIO') {
            this.observer?.onOutputLost('pty', failure.message);
          }
          this.release();
        },
      });
    } catch (error) {
      // The exit is still reported, and finds nothing to read.
      this.released = true;
      closeSync(terminal.fd);
      process.kill(-terminal.pid, 'SIGKILL');
      throw new RpcError(ErrorCode.internal, toError(error).message, { cause: error });
    }
  }

  /** Closes the descriptors, once: their numbers may be somebody else's right afterwards. */
  private release(): void {
    if (this.released) return;
    this.released = true;
    this.input.dispose();
    this.output.destroy();
    this.context.terminals.delete(this.fd);
    if (this.slave !== undefined) closeSync(this.slave);
  }
}

/**
 * Longest single argument or variable of Linux (MAX_ARG_STRLEN, with its terminating NUL), and the most
 * it can be made to take altogether. In between the program ends with 1 and says why on its terminal.
 */
const maxArgumentBytes = 128 * 1024;
const maxAllArgumentsBytes = 6 * 1024 * 1024;

function isTooLong(texts: readonly string[]): boolean {
  let sum = 0;
  for (const text of texts) {
    const bytes = Buffer.byteLength(text) + 1;
    if (process.platform === 'linux' && bytes > maxArgumentBytes) return true;
    sum += bytes;
  }
  return sum > maxAllArgumentsBytes;
}

function fork({ binding, terminals }: PtyContext, request: ForkRequest): ForkedTerminal {
  try {
    return terminals.fillGaps(() => binding.fork(request));
  } catch (error) {
    const code = errnoCodeOf(error);
    if (code !== undefined) throw spawnFailed(code);
    throw new RpcError(ErrorCode.internal, toError(error).message, { cause: error });
  }
}

function openSlave(device: string, logger: Logger): number | undefined {
  try {
    return openSync(device, constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
  } catch (error) {
    logger.debug('A terminal was opened from one side only', { reason: toError(error).message });
    return undefined;
  }
}
