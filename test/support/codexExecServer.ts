/** The reference peer: the exec-server that comes with the Codex CLI, on a free loopback port. */
import { startCodexProcess } from './codexProcess';
import type { CodexProcess } from './codexProcess';

/** A running reference server. */
export interface CodexExecServer extends CodexProcess {
  readonly url: string;
}

/** A test that runs longer than this is stuck. */
const defaultDeadlineMs = 120_000;

/**
 * The server runs each command in a session of its own, out of reach of a signal to the group, and ends them
 * itself when it is asked to terminate. That takes a few milliseconds, or as long as the machine is busy.
 */
const graceMs = 30_000;

/** Starts the reference server and waits until it listens. */
export async function startCodexExecServer(options: {
  readonly cwd: string;
  /** A free one unless a test wants to find it again. */
  readonly port?: number;
  readonly version?: string;
  readonly extraArgs?: readonly string[];
  readonly extraEnv?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}): Promise<CodexExecServer> {
  const server = await startCodexProcess({
    args: [
      'exec-server',
      '--listen',
      `ws://127.0.0.1:${options.port ?? 0}`,
      ...(options.extraArgs ?? []),
    ],
    cwd: options.cwd,
    version: options.version,
    deadlineMs: options.deadlineMs ?? defaultDeadlineMs,
    graceMs,
    env: options.extraEnv ?? {},
  });
  const [url] = await server.waitForStdout(/ws:\/\/\S+(?=\s)/);
  return { ...server, url };
}
