import type { Event } from '../base/event';
import type {
  OutputStream,
  ProcessSignal,
  SandboxType,
  WriteStatus,
} from '../protocol/processMessages';

/** Facts of a process in `seq` order, each once: output*, exited, closed; or failed, after which nothing comes. */
export type ClientProcessEvent =
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
      readonly sandboxDenied: boolean;
    }
  | { readonly type: 'closed'; readonly seq: number }
  | { readonly type: 'failed'; readonly message: string };

/** Where a process stands. `exited`: the program ended; `closed`: and nothing can come from it any more. */
export interface ClientProcessState {
  readonly status: 'running' | 'exited' | 'closed' | 'failed';
  /** 0–255; 128+N when signal N ended it. */
  readonly exitCode: number | undefined;
  /** Why nobody can tell any more what becomes of it; with `failed` only. */
  readonly failure: string | undefined;
  /** The last number published; events are published without gaps. */
  readonly lastSeq: number;
}

/** A process on an exec-server. */
export interface ClientProcess {
  readonly processId: string;
  readonly sandboxType: SandboxType;
  readonly state: ClientProcessState;
  /** Every event once, beginning with the first after `startProcess` resolved. */
  readonly onDidEmit: Event<ClientProcessEvent>;

  /**
   * The same to be read in a loop, at the reader's pace: a slow one slows everything that comes over its
   * client. The chunks are the reader's to keep.
   *
   * @throws ExecServerError `readerTooSlow` when calls forced the client to receive much more than was read.
   */
  events(): AsyncIterable<ClientProcessEvent>;
  /** Resolves with the last state, `closed` or `failed`. */
  readonly ended: Promise<ClientProcessState>;

  /**
   * Sends input. It is repeated after a lost connection and still arrives once. Calls take effect in
   * their order, without waiting for each other's answers.
   *
   * @throws ExecServerError `connectionClosed` when the client has ended.
   */
  write(chunk: Buffer): Promise<WriteStatus>;

  /** @throws RpcError −32601 where the server has no such method. */
  closeStdin(): Promise<WriteStatus>;

  /** @throws RpcError −32601 where the server has no such method. */
  resize(size: { readonly rows: number; readonly cols: number }): Promise<void>;

  /** @throws RpcError −32602 where the server does not know the signal; all know `interrupt`. */
  signal(signal: ProcessSignal): Promise<void>;

  /** Kills the process at once. */
  terminate(): Promise<{ readonly running: boolean }>;
}
