import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ExecutorProcess, useExecutorBundle } from './executorProcess';
import { makeFolder } from './temporaryFolder';
import type { ProcessEventParams } from './wireClient';
import { WireClient } from './wireClient';

/** How a program ended and what it printed. */
export interface ProgramEnd {
  readonly output: string;
  readonly exitCode: number;
  readonly sandboxDenied: boolean;
}

/** An agent connected to an executor, with a workspace and a folder beside it that is no temporary one. */
export interface SandboxedAgent {
  readonly client: WireClient;
  readonly executor: ExecutorProcess;
  readonly workspace: string;
  readonly outside: string;
  /** Starts a shell command in the workspace and answers as `process/start` did. */
  start(processId: string, command: string, sandbox: unknown, more?: object): Promise<unknown>;
  /** Waits for the end of a program. */
  ended(processId: string): Promise<ProgramEnd>;
  run(processId: string, command: string, sandbox: unknown, more?: object): Promise<ProgramEnd>;
}

/** Starts an executor for a test. Unless told otherwise agents may write anywhere but for their sandboxes. */
export async function connectSandboxedAgent(
  { start }: ReturnType<typeof useExecutorBundle>,
  args: readonly string[] = ['--write-scope', 'unrestricted'],
): Promise<SandboxedAgent> {
  const folder = await makeFolder();
  const workspace = join(folder.path, 'workspace');
  const outside = join(folder.path, 'outside');
  await mkdir(workspace);
  await mkdir(outside);
  const executor = start(['--workspace', workspace, '--log-level', 'debug', ...args]);
  const client = await WireClient.open(await executor.firstLine());
  onTestFinished(async () => {
    client.cut();
    await executor.stop('SIGTERM');
    await folder.remove();
  });

  const startProgram = (
    processId: string,
    command: string,
    sandbox: unknown,
    more: object = {},
  ): Promise<unknown> =>
    client.request('process/start', {
      processId,
      argv: ['/bin/sh', '-c', command],
      cwd: `file://${workspace}`,
      env: { PATH: process.env['PATH'] ?? '' },
      tty: false,
      sandbox,
      ...more,
    });

  const ended = async (processId: string): Promise<ProgramEnd> => {
    const output = await client.outputOf(processId);
    const exited = client.eventsOf(processId).find(({ method }) => method === 'process/exited');
    const { exitCode, sandboxDenied } = exited?.params as ProgramEnd & ProcessEventParams;
    return { output: output.toString(), exitCode, sandboxDenied };
  };

  return {
    client,
    executor,
    workspace,
    outside,
    start: startProgram,
    ended,
    async run(processId, command, sandbox, more) {
      await startProgram(processId, command, sandbox, more);
      return ended(processId);
    },
  };
}
