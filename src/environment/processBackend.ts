import type { Event } from '../base/event';
import type { EnvPolicy, OutputStream, ProcessSignal } from '../protocol/processMessages';

/** A terminal's size in character cells. */
export interface TerminalSize {
  readonly rows: number;
  readonly cols: number;
}

/** What to run. Paths are native and absolute. */
export interface StartRequest {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** The whole environment without `envPolicy`, else the final overlay. */
  readonly env: Readonly<Record<string, string>>;
  readonly envPolicy?: EnvPolicy | undefined;
  /** Present: run in a pseudoterminal of this size. */
  readonly terminal?: TerminalSize | undefined;
  /** Keep stdin open as a pipe; without it, and without a terminal, stdin is empty. */
  readonly pipeStdin: boolean;
  /** What the program sees as its own name, when not `argv[0]`. */
  readonly arg0?: string | undefined;
}

/** Facts of a process, numbered from 1 without gaps, in the order output*, exited, closed. */
export type ProcessEvent =
  | {
      readonly type: 'output';
      readonly seq: number;
      readonly stream: OutputStream;
      readonly chunk: Buffer;
    }
  | { readonly type: 'exited'; readonly seq: number; readonly exitCode: number }
  | { readonly type: 'closed'; readonly seq: number };

/** One retained piece of output. */
export interface OutputChunk {
  readonly seq: number;
  readonly stream: OutputStream;
  readonly chunk: Buffer;
}

/** Where a process stands. `exited`: the program ended; `closed`: nothing can come from it any more. */
export interface ProcessState {
  readonly exited: boolean;
  /** 0–255; 128+N when signal N ended it. */
  readonly exitCode: number | undefined;
  readonly closed: boolean;
  /** The number the next event will carry. */
  readonly nextSeq: number;
}

/** A slice of what a process wrote, as far as it is still kept. */
export interface RetainedOutput {
  readonly chunks: readonly OutputChunk[];
  /** Bytes after `afterSeq` that were dropped before the first chunk, because the log is bounded. */
  readonly droppedBytes: number;
}

/** A process somebody started, wherever it runs. */
export interface ManagedProcess {
  /** The system's process id, when it runs on this machine. */
  readonly pid: number | undefined;
  readonly state: ProcessState;
  /** Every event once, in `seq` order, beginning with the first after `start` resolved. */
  readonly onDidEmit: Event<ProcessEvent>;

  /**
   * Retained chunks with `seq > afterSeq`, oldest first. The first is always given, more are added while
   * their sum stays within `maxBytes`; chunks are never split.
   */
  retainedOutput(afterSeq: number, maxBytes: number): RetainedOutput;

  /** Stops or resumes taking output from the program, so that a slow reader slows it down. */
  setOutputPaused(paused: boolean): void;

  /**
   * Queues input. Resolves when there is room for more, so at once unless the program does not read;
   * also when it ended meanwhile. The order of calls is the order of bytes.
   */
  write(chunk: Buffer): Promise<'accepted' | 'stdinClosed'>;

  /** Ends stdin after what is queued; on a terminal sends its end-of-file character. */
  closeStdin(): Promise<'accepted' | 'stdinClosed'>;

  /** Without effect on a process that has no terminal or has ended. */
  resize(size: TerminalSize): void;

  /** Signals the whole process group; without effect once it ended. */
  signal(signal: ProcessSignal): void;

  /** Kills the process and what it started, at once. `running` tells whether it had not exited before. */
  terminate(): { readonly running: boolean };

  /** Polite signal, bounded wait, forced. Resolves when the tree is gone or the wait is over. */
  end(graceMs: number): Promise<void>;
}

/** Starts processes in one environment. */
export interface ProcessBackend {
  /**
   * Starts a program and resolves when it runs.
   *
   * @throws RpcError −32603 with the system's words when it could not be started (missing or not
   *   executable program, missing `cwd`), −32602 when the request itself cannot mean anything.
   */
  start(request: StartRequest): Promise<ManagedProcess>;
}
