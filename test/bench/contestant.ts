import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { ensureCodex } from '../host/codex.mjs';

/** One of the two servers that are compared, before it runs. */
export interface Contestant {
  readonly name: 'ours' | 'peer';
  readonly command: string;
  readonly args: readonly string[];
  /** Ours only: the server it passes everything on to, which runs beside it. */
  readonly remote?: Contestant;
}

/** Our server and the reference. */
export interface Contestants {
  readonly ours: Contestant;
  readonly peer: Contestant;
}

/** A server under measurement. */
export interface RunningServer {
  readonly url: string;
  /** Milliseconds from the spawn to the line that says where it listens. */
  readonly startMs: number;
  /** User and system time of the server alone, in milliseconds; the kernel counts in steps of 10. */
  cpuMs(): number;
  residentBytes(): number;
  /** The highest residence so far. */
  peakResidentBytes(): number;
  stop(): Promise<void>;
}

/** Clock ticks per second in /proc; fixed at 100 for programs on Linux. */
const ticksPerSecond = 100;

/** A server that is not there by then never will be. */
const startDeadlineMs = 30_000;

/** @param executor path of the bundle to measure. */
export async function contestants(executor: string): Promise<Contestants> {
  const codex = await ensureCodex();
  return {
    ours: {
      name: 'ours',
      command: process.execPath,
      args: [executor, '--listen', 'ws://127.0.0.1:0', '--log-level', 'error'],
    },
    peer: {
      name: 'peer',
      command: codex.command,
      args: [...codex.args, 'exec-server', '--listen', 'ws://127.0.0.1:0'],
    },
  };
}

/** Servers that run; none may outlive a measurement that fails or is given up. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => process.exit(1));
}

/** Starts a server in `cwd`, which is also its workspace; its figures are its own and not its remote's. */
export async function startServer(contestant: Contestant, cwd: string): Promise<RunningServer> {
  if (contestant.remote === undefined) return startProgram(contestant, cwd);
  const remote = await startServer(contestant.remote, cwd);
  const args = [...contestant.args, '--environment', remote.url];
  const server = await startProgram({ ...contestant, args }, cwd);
  return {
    ...server,
    async stop() {
      await server.stop();
      await remote.stop();
    },
  };
}

async function startProgram(contestant: Contestant, cwd: string): Promise<RunningServer> {
  const startedAt = performance.now();
  const child = spawn(contestant.command, contestant.args, {
    cwd,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  running.add(child);
  const exited = once(child, 'exit').then(() => running.delete(child));
  const url = await firstLine(child.stdout, exited);
  const startMs = performance.now() - startedAt;
  const pid = child.pid ?? -1;
  return {
    url,
    startMs,
    cpuMs: () => cpuMsOf(pid),
    residentBytes: () => statusBytes(pid, 'VmRSS'),
    peakResidentBytes: () => statusBytes(pid, 'VmHWM'),
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function firstLine(stdout: NodeJS.ReadableStream, exited: Promise<unknown>): Promise<string> {
  let text = '';
  const line = new Promise<string>((resolve) => {
    stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(text.slice(0, end));
    });
  });
  const failed = (why: string) => () => Promise.reject(new Error(`A server ${why}`));
  const timeout = new AbortController();
  const late = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, startDeadlineMs);
    timeout.signal.addEventListener('abort', () => clearTimeout(timer));
  });
  try {
    return await Promise.race([
      line,
      exited.then(failed('ended instead of listening')),
      late.then(failed('did not listen in time')),
    ]);
  } finally {
    timeout.abort();
  }
}

function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [userTicks, systemTicks] = fields.slice(11, 13).map(Number);
  return (((userTicks ?? 0) + (systemTicks ?? 0)) * 1000) / ticksPerSecond;
}

function statusBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
}
