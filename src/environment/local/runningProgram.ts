import type { OutputStream } from '../../protocol/processMessages';
import type { TerminalSize } from '../processBackend';
import type { EnvironmentVariables } from './childEnvironment';

/** What to run, with everything decided: the environment is final and no text holds a NUL. */
export interface ProgramRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: EnvironmentVariables;
  readonly arg0: string | undefined;
}

/** The outcome of offering input. */
export type InputStatus = 'accepted' | 'stdinClosed';

/** Learns what a running program does: output in order, one exit, one close as the last call of all. */
export interface ProgramObserver {
  /** The bytes are valid during the call only. */
  onOutput(stream: OutputStream, bytes: Buffer): void;
  /** A stream cannot be read any further, although the program may go on writing to it. */
  onOutputLost(stream: OutputStream, reason: string): void;
  onExited(exitCode: number): void;
  onClosed(): void;
}

/**
 * A started program and the descriptors that lead to it.
 *
 * Invariant: nothing is observed in the turn of the event loop in which the program was started.
 * Whoever starts it gets to `observe` first, and may await in between as long as nothing but promises
 * that are already settled is awaited.
 */
export interface RunningProgram {
  readonly pid: number;
  /** Called once, in the turn of the start. */
  observe(observer: ProgramObserver): void;
  setOutputPaused(paused: boolean): void;
  /** Takes the chunk over; it must not be changed afterwards. */
  write(chunk: Buffer): Promise<InputStatus>;
  closeStdin(): Promise<InputStatus>;
  resize(size: TerminalSize): void;
  /** Lets go of the output although somebody may still write to it; `onClosed` follows after the exit. */
  releaseOutput(): void;
}
