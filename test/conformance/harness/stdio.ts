import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { inject, onTestFinished } from 'vitest';
import { ensureCodex } from '../../host/codex.mjs';
import { until } from '../../support/processFixtures';
import type { Stage } from './conformance';
import { normalise } from './normalise';

/** A server that talks over its standard input and output, one message a line. */
export interface StdioServer {
  readonly write: (text: string) => void;
  /** Every line written so far, as messages. */
  readonly messages: () => readonly Readonly<Record<string, unknown>>[];
  /** The same without what differs from run to run. */
  readonly normalised: () => readonly unknown[];
  /** Waits until there are so many. */
  readonly untilCount: (count: number) => Promise<void>;
  /** Ends its input and waits until it has ended. */
  readonly end: () => Promise<number | null>;
}

export async function startStdioServer({ side, folder }: Stage): Promise<StdioServer> {
  const home = join(folder, 'home');
  await mkdir(home);
  const codex = await ensureCodex();
  const [command, ...args] =
    side === 'peer'
      ? [codex.command, ...codex.args, 'exec-server']
      : [process.execPath, inject('executorScript'), '--workspace', folder];
  const child = spawn(command, [...args, '--listen', 'stdio'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: home, CODEX_HOME: home, SHELL: '/bin/bash' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.stdin.end();
    await closed;
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  const messages = (): Readonly<Record<string, unknown>>[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    write: (line) => child.stdin.write(line),
    messages,
    normalised: () => messages().map((message) => normalise(message)),
    untilCount: (count) => until(() => messages().length >= count, `${count} messages came`),
    async end() {
      child.stdin.end();
      return closed;
    },
  };
}
