import { createRequire } from 'node:module';
import path from 'node:path';
import { toError } from '../../base/errors';
import { ErrorCode, RpcError } from '../../protocol/errorCodes';

/** A program in a pseudoterminal, as node-pty's native part gives it. */
export interface ForkedTerminal {
  /** The master's descriptor: non-blocking, ours to close, and not close-on-exec. */
  readonly fd: number;
  readonly pid: number;
  /** The path of the slave device. */
  readonly pty: string;
}

/** What is asked of the native part. */
export interface ForkRequest {
  readonly file: string;
  readonly args: readonly string[];
  /** `NAME=value` each; nothing is added. */
  readonly envPairs: readonly string[];
  readonly cwd: string;
  readonly rows: number;
  readonly cols: number;
  readonly onExit: (code: number, signal: number) => void;
}

/** The native functions we use. The public API around them loses output and adds variables; see ADR 0002. */
export interface TerminalBinding {
  fork(request: ForkRequest): ForkedTerminal;
  resize(fd: number, cols: number, rows: number): void;
}

/** Positional as in node-pty 1.2.0-beta.15, which is pinned for this reason. */
interface NativeModule {
  fork(
    file: string,
    args: readonly string[],
    envPairs: readonly string[],
    cwd: string,
    cols: number,
    rows: number,
    uid: number,
    gid: number,
    utf8: boolean,
    helperPath: string,
    onExit: (code: number, signal: number) => void,
  ): ForkedTerminal;
  resize(fd: number, cols: number, rows: number, pixelWidth: number, pixelHeight: number): void;
}

interface NativeLoader {
  readonly loadNativeModule: (name: string) => {
    readonly dir: string;
    readonly module: NativeModule;
  };
}

/** Keeps the account the executor runs as. */
const unchangedId = -1;

/** Loads a module of node-pty; not an import, so that pipes work where it is missing or cannot load. */
export function requireNodePty(id: 'node-pty' | 'node-pty/lib/utils'): unknown {
  return createRequire(__filename)(id);
}

/** @throws RpcError with the reason when node-pty cannot be loaded on this machine. */
export function loadTerminalBinding(): TerminalBinding {
  const loaderId = 'node-pty/lib/utils';
  try {
    const { loadNativeModule } = requireNodePty(loaderId) as NativeLoader;
    const { dir, module: native } = loadNativeModule('pty');
    const loaderFolder = path.dirname(createRequire(__filename).resolve(loaderId));
    // Used on macOS only, where a small program sets up the terminal between fork and exec.
    const helperPath = path.resolve(loaderFolder, dir, 'spawn-helper');
    return {
      fork: ({ file, args, envPairs, cwd, cols, rows, onExit }) =>
        native.fork(
          file,
          args,
          envPairs,
          cwd,
          cols,
          rows,
          unchangedId,
          unchangedId,
          true,
          helperPath,
          onExit,
        ),
      resize: (fd, cols, rows) => native.resize(fd, cols, rows, 0, 0),
    };
  } catch (error) {
    throw terminalsUnavailable(error);
  }
}

/** The answer to a terminal start on a machine where node-pty does not load. */
export function terminalsUnavailable(reason: unknown): RpcError {
  return new RpcError(
    ErrorCode.internal,
    `terminals are not available on this machine, start without tty: ${toError(reason).message}`,
    { cause: reason },
  );
}
