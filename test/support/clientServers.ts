import { onTestFinished } from 'vitest';
import type { ConnectExecServerOptions } from '../../src/client/connectExecServer';
import { connectExecServer } from '../../src/client/connectExecServer';
import type { ClientProcess, ClientProcessEvent } from '../../src/client/clientProcess';
import type { ExecServerClient } from '../../src/client/execServerClient';
import { startCodexExecServer } from './codexExecServer';
import { startServer } from './execServerHarness';
import { temporaryFolder } from './temporaryFolder';

/** A server that a client is tried against. */
export interface ServerToTry {
  readonly url: string;
  /** As the server's processes name it. */
  readonly cwd: string;
}

/** Ours and the real one, both with real programs, gone when the test is. */
export const serversToTry: readonly (readonly [string, () => Promise<ServerToTry>])[] = [
  [
    'ours',
    async () => {
      const { url, workspace } = await startServer();
      return { url, cwd: `file://${workspace}` };
    },
  ],
  [
    'the real peer',
    async () => {
      const cwd = await temporaryFolder();
      const server = await startCodexExecServer({ cwd });
      onTestFinished(() => server.kill());
      return { url: server.url, cwd: `file://${cwd}` };
    },
  ],
];

/** A client that is gone when the test is. */
export async function connectClient(
  url: string,
  options: Partial<ConnectExecServerOptions> = {},
): Promise<ExecServerClient> {
  const client = await connectExecServer({ endpoint: { url }, clientName: 'test', ...options });
  onTestFinished(() => client.close());
  return client;
}

type StartParams = Parameters<ExecServerClient['startProcess']>[0];

/** A `process/start` for a shell command or a program, with a pipe as stdin. */
export function startOf(
  cwd: string,
  argv: string | string[],
  overrides: Partial<StartParams> = {},
): StartParams {
  return {
    processId: 'p',
    argv: typeof argv === 'string' ? ['/bin/sh', '-c', argv] : argv,
    cwd,
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    tty: false,
    pipeStdin: true,
    ...overrides,
  };
}

/** Everything a process says from now on, chunks copied. */
export class ProcessRecord {
  readonly events: ClientProcessEvent[] = [];
  private bytes = 0;
  private readonly waiting = new Set<() => void>();

  constructor(readonly process: ClientProcess) {
    process.onDidEmit((event) => {
      if (event.type === 'output') this.bytes += event.chunk.length;
      this.events.push(
        event.type === 'output' ? { ...event, chunk: Buffer.from(event.chunk) } : event,
      );
      for (const check of [...this.waiting]) check();
    });
  }

  get output(): Buffer {
    return Buffer.concat(this.events.flatMap((event) => ('chunk' in event ? [event.chunk] : [])));
  }

  /** The events without their bytes, output in a row as one. */
  get shape(): string[] {
    const types = this.events.map(({ type }) => type);
    return types.filter((type, index) => type !== types[index - 1]);
  }

  /** Resolves when so many bytes have come, or nothing more will. */
  async untilBytes(count: number): Promise<void> {
    const arrived = new Promise<void>((resolve) => {
      const check = (): void => {
        if (this.bytes < count) return;
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
      check();
    });
    await Promise.race([arrived, this.process.ended]);
  }
}
