import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Deferred } from '../../base/deferred';
import { ExecServerError, toError } from '../../base/errors';
import { DisposableStore, toDisposable } from '../../base/lifecycle';
import type { Clock } from '../../base/clock';
import { redactSecrets } from '../../base/logger';
import { OWNED_ARGUMENT } from '../../executor/ownedArgument';
import { OwnedReadySchema } from '../../executor/ownedStart';
import type { OwnedReady, OwnedStart } from '../../executor/ownedStart';

/** Loading the bundle and binding a port takes under a second; a loaded machine may need several. */
export const LAUNCH_TIMEOUT_MS = 20_000;

/** The ready line has three small members; a longer one is not ours. */
const MAX_READY_CHARS = 4096;

/** Enough for the reason of a failed start, too little for a crash dump in a notification. */
const MAX_REASON_CHARS = 400;

/** What to run, where, and what it is told. */
export interface LaunchOptions {
  /** The bundle `dist/executor.js`. */
  readonly executorPath: string;
  readonly cwd: string;
  readonly start: OwnedStart;
  readonly clock: Clock;
}

type ExecutorChild = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * Starts an executor that outlives this process and resolves when it listens. Secrets travel through
 * stdin: arguments and environments of a process can be read by others.
 *
 * @throws ExecServerError `executorStartFailed` with the executor's own reason.
 */
export async function launchExecutor(options: LaunchOptions): Promise<OwnedReady> {
  const child = spawn(process.execPath, [options.executorPath, OWNED_ARGUMENT], {
    cwd: options.cwd,
    detached: true,
    windowsHide: true,
    // On the desktop `execPath` is the editor itself; this makes it behave as plain Node.
    env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  try {
    return await waitUntilReady(child, options);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    // From here on only the control channel ties the two together.
    child.unref();
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
  }
}

async function waitUntilReady(child: ExecutorChild, options: LaunchOptions): Promise<OwnedReady> {
  const ready = new Deferred<OwnedReady>();
  const waiting = new DisposableStore();
  let output = '';
  let reason = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(0, MAX_READY_CHARS);
    const lineEnd = output.indexOf('\n');
    if (lineEnd === -1 || ready.isSettled) return;
    try {
      ready.resolve(OwnedReadySchema.parse(JSON.parse(output.slice(0, lineEnd))));
    } catch (error) {
      ready.reject(startFailed('it answered with something else than its port', error));
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    reason = (reason + text).slice(-MAX_REASON_CHARS);
  });
  child.once('error', (error) => {
    ready.reject(startFailed(error.message, error));
  });
  child.once('close', (code, signal) => {
    const told = redactSecrets(lastLine(reason));
    ready.reject(startFailed(told === '' ? `it ended with ${signal ?? String(code)}` : told));
  });
  // A child that dies before it reads its start document closes the pipe; `close` tells why.
  child.stdin.on('error', () => undefined);
  child.stdin.end(JSON.stringify(options.start));
  waiting.add(
    options.clock.schedule(() => {
      ready.reject(startFailed(`it was not ready after ${LAUNCH_TIMEOUT_MS / 1000} seconds`));
    }, LAUNCH_TIMEOUT_MS),
  );
  waiting.add(
    toDisposable(() => {
      child.removeAllListeners();
      // An unhandled `error` event would end the extension host.
      child.on('error', () => undefined);
    }),
  );
  try {
    return await ready.promise;
  } finally {
    waiting.dispose();
  }
}

function startFailed(reason: string, cause?: unknown): ExecServerError {
  return new ExecServerError(
    'executorStartFailed',
    `Failed to start the executor: ${reason}`,
    cause === undefined ? undefined : { cause: toError(cause) },
  );
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
