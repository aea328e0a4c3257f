import { spawn } from 'node:child_process';
import { inject } from 'vitest';
import { startCodexExecServer } from '../../support/codexExecServer';
import type { Side } from './difference';

/** How a server ended and what it had printed. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
}

/** One of the two servers, listening on loopback. */
export interface RunningServer {
  readonly side: Side;
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The directory it was started in, with its real path. */
  readonly cwd: string;
  /** Asks it to end and waits until it has. */
  stop(): Promise<Ended>;
}

export interface ServerOptions {
  /** Arguments both understand; without any of authentication nothing is asked of clients. */
  readonly args?: readonly string[];
  /** Arguments one of them alone understands. */
  readonly ownArgs?: Partial<Readonly<Record<Side, readonly string[]>>>;
  /** Added to an environment that otherwise holds only what programs need. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A server that takes longer than this is stuck. */
const deadlineMs = 600_000;

export async function startServer(
  side: Side,
  cwd: string,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const args = [...(options.args ?? []), ...(options.ownArgs?.[side] ?? [])];
  const env = { SHELL: '/bin/bash', ...options.env };
  const started =
    side === 'peer' ? await startPeer(cwd, args, env) : await startOurs(cwd, args, env);
  return { ...started, side, cwd, port: Number(new URL(started.url).port) };
}

type Started = Pick<RunningServer, 'url' | 'pid' | 'stop'>;
type Variables = Readonly<Record<string, string>>;

async function startPeer(cwd: string, args: readonly string[], env: Variables): Promise<Started> {
  const server = await startCodexExecServer({ cwd, extraArgs: args, extraEnv: env, deadlineMs });
  return {
    url: server.url,
    pid: server.pid,
    async stop() {
      await server.kill();
      const { code, stdout } = await server.exited;
      return { code, stdout };
    },
  };
}

async function startOurs(cwd: string, args: readonly string[], env: Variables): Promise<Started> {
  const asksForToken = args.includes('--ws-auth');
  const child = spawn(
    process.execPath,
    [
      inject('executorScript'),
      ...['--listen', 'ws://127.0.0.1:0', '--workspace', cwd, '--write-scope', 'unrestricted'],
      ...(asksForToken ? [] : ['--ws-auth', 'none']),
      ...args,
    ],
    {
      cwd,
      env: { PATH: process.env['PATH'], HOME: cwd, LANG: process.env['LANG'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      const [line = ''] = stdout.split('\n');
      if (stdout.includes('\n')) resolve(line);
    });
    child.once('error', reject);
    void closed.then(() => {
      reject(new Error(`The server ended before it listened:\n${stderr}`));
    });
  });
  return {
    url,
    pid: child.pid ?? -1,
    async stop() {
      child.kill('SIGTERM');
      return { code: await closed, stdout };
    },
  };
}
