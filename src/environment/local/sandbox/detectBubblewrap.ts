import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { toError } from '../../../base/errors';
import { findProgram } from '../programLookup';
import { cannotConfine } from './sandboxErrors';

/** The programs a sandbox is made with, by their absolute paths. */
export interface Bubblewrap {
  readonly bwrap: string;
  readonly shell: string;
  /** An `env` that can give signals their usual effect back, where there is one. */
  readonly env: string | undefined;
}

const run = promisify(execFile);

/** Signals that shall reach the program and not end what stands around it. */
export const passedSignals = ['INT', 'QUIT', 'TERM', 'HUP'] as const;

/** The argument of `env` that undoes what the surroundings did to them. */
export const restoreSignals = `--default-signal=${passedSignals.join(',')}`;

/** Looked through first: what starts outside the sandbox must not come from a folder an agent can write to. */
const systemFolders = ['/usr/bin', '/bin', '/usr/local/bin'];

/**
 * Where bubblewrap is and whether it can set up what we need; a kernel may have namespaces switched off
 * for ordinary users.
 *
 * @throws RpcError −32600 that says what to install or to switch on.
 */
export async function detectBubblewrap(
  searchPath: string | undefined,
  timeoutMs: number,
  firstFolders: readonly string[] = systemFolders,
): Promise<Bubblewrap> {
  const absoluteProgram = (name: string): string | undefined => {
    const folders = (searchPath ?? '').split(':').filter((folder) => folder.startsWith('/'));
    const lookup = findProgram(name, '/', [...firstFolders, ...folders].join(':'));
    return lookup.found ? lookup.file : undefined;
  };
  const bwrap = absoluteProgram('bwrap');
  const shell = absoluteProgram('sh');
  if (bwrap === undefined || shell === undefined) {
    throw cannotConfine('install bubblewrap (the package `bubblewrap` holds its program `bwrap`)');
  }
  const options = { timeout: timeoutMs, env: {}, cwd: '/' };
  try {
    const probe = ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-net'];
    const mounts = ['--ro-bind', '/', '/', '--dev', '/dev', '--perms', '0555', '--tmpfs', '/tmp'];
    const seal = ['--proc', '/proc', '--remount-ro', '/tmp', '--die-with-parent', '--clearenv'];
    await run(bwrap, [...probe, ...mounts, ...seal, '--', shell, '-c', ':'], options);
  } catch (error) {
    throw cannotConfine(
      `${reasonOf(error)}; bubblewrap 0.5 or later and user namespaces are needed`,
    );
  }
  const env = absoluteProgram('env');
  if (env === undefined) return { bwrap, shell, env };
  try {
    await run(env, [restoreSignals, shell, '-c', ':'], options);
    return { bwrap, shell, env };
  } catch {
    // Another implementation of the tool, or an early one.
    return { bwrap, shell, env: undefined };
  }
}

function reasonOf(error: unknown): string {
  const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
  const text = stderr === '' ? toError(error).message : stderr;
  return `bubblewrap does not work here (${text.split('\n', 1).join('').slice(0, 200)})`;
}
