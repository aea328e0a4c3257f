import type * as NodePty from 'node-pty';
import type { TerminalSize } from '../processBackend';
import { exitCodeOf } from './exitCode';
import { requireNodePty, terminalsUnavailable } from './nodePtyBinding';
import type {
  InputStatus,
  ProgramObserver,
  ProgramRequest,
  RunningProgram,
} from './runningProgram';

/** A program in a Windows pseudoconsole, through node-pty's public functions. */
export class WindowsPtyProgram implements RunningProgram {
  readonly pid: number;
  private exited = false;

  private constructor(private readonly terminal: NodePty.IPty) {
    this.pid = terminal.pid;
  }

  static start(request: ProgramRequest & { readonly terminal: TerminalSize }): WindowsPtyProgram {
    const [file, ...args] = request.argv;
    try {
      const { spawn } = requireNodePty('node-pty') as typeof NodePty;
      return new WindowsPtyProgram(
        spawn(file, args, {
          cwd: request.cwd,
          env: { ...request.env },
          rows: request.terminal.rows,
          cols: request.terminal.cols,
          // Bytes as they are: a character split between two reads must stay whole for the client.
          encoding: null,
        }),
      );
    } catch (error) {
      throw terminalsUnavailable(error);
    }
  }

  observe(observer: ProgramObserver): void {
    this.terminal.onData((data: string | Buffer) => observer.onOutput('pty', Buffer.from(data)));
    this.terminal.onExit(({ exitCode, signal }) => {
      this.exited = true;
      observer.onExited(exitCodeOf(exitCode, signal ?? null));
      observer.onClosed();
    });
  }

  setOutputPaused(paused: boolean): void {
    if (paused) this.terminal.pause();
    else this.terminal.resume();
  }

  write(chunk: Buffer): Promise<InputStatus> {
    if (!this.exited) this.terminal.write(chunk);
    return Promise.resolve('accepted');
  }

  /** A Windows console takes Ctrl-Z on a line of its own for the end of the input. */
  closeStdin(): Promise<InputStatus> {
    return this.write(Buffer.from('\u001a\r'));
  }

  resize(size: TerminalSize): void {
    if (!this.exited) this.terminal.resize(size.cols, size.rows);
  }

  releaseOutput(): void {
    if (!this.exited) this.terminal.kill();
  }
}
