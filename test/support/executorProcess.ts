import type { ChildProcessByStdio } from 'node:child_process';
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { bundleExecutor } from './executorBundle';
import type { ExecutorBundle } from './executorBundle';
import { until } from './processFixtures';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The executor as a process of its own, ended with the test at the latest. */
export class ExecutorProcess {
  private readonly output = { stdout: '', stderr: '' };
  readonly ended: Promise<Ended>;
  readonly pid: number;

  constructor(readonly child: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.pid = child.pid ?? -1;
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        this.output[name] += text;
      });
    }
    child.stdin.on('error', () => undefined);
    // `close` comes after the last of the output, `exit` may come before it.
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve({ code, signal });
      });
    });
    onTestFinished(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await this.ended;
    });
  }

  get stdout(): string {
    return this.output.stdout;
  }

  get stderr(): string {
    return this.output.stderr;
  }

  /** The line that says it is ready. */
  async firstLine(): Promise<string> {
    const isOver = (): boolean => this.child.exitCode !== null || this.child.signalCode !== null;
    await until(() => this.stdout.includes('\n') || isOver(), 'the executor is ready');
    const [line = ''] = this.stdout.split('\n');
    if (line === '') throw new Error(`The executor ended: ${this.stderr}`);
    return line;
  }

  async untilPrinted(text: string): Promise<void> {
    await until(() => this.stdout.includes(text), `the executor prints '${text}'`);
  }

  async untilLogged(text: string): Promise<void> {
    await until(() => this.stderr.includes(text), `the executor logs '${text}'`);
  }

  async stop(signal: NodeJS.Signals): Promise<Ended> {
    this.child.kill(signal);
    return this.ended;
  }
}

export interface StartOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** What stdin holds; it ends after it unless it is to stay open. */
  readonly input?: string;
  readonly keepsStdinOpen?: boolean;
  /** File creation mask of the executor. */
  readonly umask?: string;
}

/** Gives a test file the executor, bundled from the sources as they are now, the way `npm run build` does. */
export function useExecutorBundle(): {
  readonly start: (args: readonly string[], options?: StartOptions) => ExecutorProcess;
  /** Where the bundle is, for whoever starts it another way. @throws before the tests begin. */
  readonly script: () => string;
} {
  let bundle: ExecutorBundle | undefined;
  const script = (): string => {
    if (bundle === undefined) throw new Error('The executor is not bundled yet');
    return bundle.script;
  };

  beforeAll(async () => {
    bundle = await bundleExecutor();
  });
  afterAll(() => bundle?.remove());

  return {
    script,
    start(args, options = {}) {
      const { env = process.env, cwd = root, input = '', umask = '022' } = options;
      const command = `umask ${umask}; exec "$@"`;
      const child = spawn('/bin/sh', ['-c', command, 'sh', process.execPath, script(), ...args], {
        cwd,
        env,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const executor = new ExecutorProcess(child);
      child.stdin.write(input);
      if (options.keepsStdinOpen !== true) child.stdin.end();
      return executor;
    },
  };
}

/** What others on the machine may read of a process: its arguments and its environment. */
export function publicFactsOf(pid: number): string {
  return ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`)).join('\n');
}

/**
 * Ports that no system hands out by itself: from 32768 on Linux does, for listeners without a wish and for
 * each connection, and whatever runs beside a test gets what was released a moment ago.
 */
const neverHandedOut = { first: 20_000, last: 32_767 };

/** A port that nobody else takes unless they ask for this very one, and a way to let go of it. */
export async function occupyPort(): Promise<{ port: number; release: () => Promise<void> }> {
  const { server, port } = await listenApart();
  const release = async (): Promise<void> => {
    server.close();
    if (server.listening) await once(server, 'close');
  };
  onTestFinished(() => {
    server.close();
  });
  return { port, release };
}

async function listenApart(): Promise<{ server: Server; port: number }> {
  for (;;) {
    const port = randomInt(neverHandedOut.first, neverHandedOut.last + 1);
    const server = createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return { server, port };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    }
  }
}
