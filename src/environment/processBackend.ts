import type { Event } from '../base/event';
import type { EnvPolicy, OutputStream, ProcessSignal } from '../protocol/processMessages';
import type { Sandbox, SandboxType } from './sandbox';

/** A terminal's size in character cells. */
export interface TerminalSize {
  readonly rows: number;
  readonly cols: number;
}

/** Asks for a login shell that need not run its own files each time. */
export interface ShellSnapshotRequest {
  /** Within a scope one run of the files does for all starts; a caller's choice, such as one for each thread. */
  readonly scopeId: string;
  readonly shell: { readonly name: string; readonly path: string };
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
  /** May be used or not: a start without it does the same, only slower. */
  readonly shellSnapshot?: ShellSnapshotRequest | undefined;
  /** What the program is confined to; absent: the user's own rights. */
  readonly sandbox?: Sandbox | undefined;
  /** Who reads the output, such as a session: one that is slow slows its own programs and no others. */
  readonly readerId?: string | undefined;
}

/** Facts of a process, numbered from 1 without gaps, in the order output*, exited, closed. */
export type ProcessEvent =
  | {
      readonly type: 'output';
      readonly seq: number;
      readonly stream: OutputStream;
      /** Valid during the event only: whoever keeps it copies it. */
      readonly chunk: Buffer;
    }
  | {
      readonly type: 'exited';
      readonly seq: number;
      readonly exitCode: number;
      readonly sandboxDenied?: boolean;
    }
  | { readonly type: 'closed'; readonly seq: number };

/** What a process that was lost counts as exited with, as `ssh` has it. */
export const LOST_EXIT_CODE = 255;

/** One retained piece of output. */
export interface OutputChunk {
  readonly seq: number;
  readonly stream: OutputStream;
  readonly chunk: Buffer;
}

/**
 * Where a process stands. `exited`: the program ended; `closed`: nothing can come from it any more.
 *
 *   running ──► exited ──► closed        (with `failure`: failed, exited and closed at once)
 */
export interface ProcessState {
  readonly exited: boolean;
  /** 0–255; 128+N when signal N ended it. */
  readonly exitCode: number | undefined;
  /** It failed, and what it said reads like a refusal of its sandbox. */
  readonly sandboxDenied?: boolean;
  readonly closed: boolean;
  /**
   * Why nobody can tell what became of it: the way to it was lost, or its output was. It counts as closed
   * then, with the exit code `LOST_EXIT_CODE`, and its last output says the same for people.
   */
  readonly failure?: string | undefined;
  /** The number the next event will carry. */
  readonly nextSeq: number;
}

/** A slice of what a process wrote, as far as it is still kept. */
export interface RetainedOutput {
  readonly chunks: readonly OutputChunk[];
  /** Bytes after `afterSeq` that were dropped before the first chunk, because the log is bounded. */
  readonly droppedBytes: number;
}

/**
 * What became of input. `starting`: not now, because somebody else has the keyboard at a remote; nothing
 * of it was taken.
 */
export type InputOutcome = 'accepted' | 'stdinClosed' | 'starting';

/** A process somebody started, wherever it runs. */
export interface ManagedProcess {
  /** The system's process id, when it runs on this machine. */
  readonly pid: number | undefined;
  /** The name of the remote environment it runs in; absent on this machine. */
  readonly remote?: string | undefined;
  /** What confines it; absent: nothing. */
  readonly sandboxType?: SandboxType;
  readonly state: ProcessState;
  /** Every event once, in `seq` order, beginning with the first after `start` resolved. */
  readonly onDidEmit: Event<ProcessEvent>;

  /**
   * Retained chunks with `seq > afterSeq`, oldest first. The first is always given, more are added while
   * their sum stays within `maxBytes`; chunks are never split. Their bytes are valid until the next event.
   */
  retainedOutput(afterSeq: number, maxBytes: number): RetainedOutput;

  /** Stops or resumes taking output from the program, so that a slow reader slows it down. */
  setOutputPaused(paused: boolean): void;

  /**
   * Queues input. Resolves when there is room for more, so at once unless the program does not read;
   * also when it ended meanwhile. The order of calls is the order of bytes.
   */
  write(chunk: Buffer): Promise<InputOutcome>;

  /** Ends stdin after what is queued; on a terminal sends its end-of-file character. */
  closeStdin(): Promise<InputOutcome>;

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
  /** The name of the remote environment its processes run in; absent on this machine. */
  readonly remote?: string | undefined;
  /**
   * Starts a program and resolves when it runs.
   *
   * @throws RpcError −32603 with the system's words when it could not be started (missing or not
   *   executable program, missing `cwd`), −32600 when it cannot be confined as asked, −32602 when the request itself cannot mean anything.
   */
  start(request: StartRequest): Promise<ManagedProcess>;
}
