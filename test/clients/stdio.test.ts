/** The real Codex CLI with an executor that it starts itself, as it does over ssh. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { until } from '../host/until.mjs';
import { parseCommandReport } from '../support/codexReport';
import { startCodexExec } from '../support/codexRun';
import { useExecutorBundle } from '../support/executorProcess';
import { isAlive } from '../support/processFacts';
import { applyPatch, execCommand, say } from '../support/scriptedModelItems';
import { temporaryFolder } from '../support/temporaryFolder';

const bundle = useExecutorBundle();

it('works over stdio, and leaves nothing behind when the client ends', async () => {
  const workspace = await temporaryFolder();
  const leftPid = (): Promise<string> => readFile(join(workspace, 'left'), 'utf8');
  const args = [bundle.script(), '--listen', 'stdio', '--workspace', workspace];
  const run = await startCodexExec({
    cwd: workspace,
    environmentsToml: [
      'default = "stdio"',
      'include_local = false',
      '[[environments]]',
      'id = "stdio"',
      `program = ${JSON.stringify(process.execPath)}`,
      `args = ${JSON.stringify(args)}`,
    ].join('\n'),
    script: [
      () => [execCommand('echo out; echo "executor $PPID"; exit 3', { yieldTimeMs: 30_000 })],
      () => [
        applyPatch('*** Begin Patch\n*** Add File: made.md\n+by an agent\n*** End Patch\n', {
          callId: 'patch',
        }),
      ],
      () => [execCommand('echo $$ > left; exec sleep 1000', { yieldTimeMs: 250 })],
      async () => {
        await until('the command that is left', leftPid, (text) => text.endsWith('\n'));
        return [say('done')];
      },
    ],
  });
  const { code } = await run.exited;
  run.model.assertFinished();
  const [command, patch] = run.model.toolOutputs().map(({ output }) => output);
  const { exitCode, text } = parseCommandReport(command ?? '');
  const pids = [Number(/executor (\d+)/.exec(text)?.[1]), Number(await leftPid())];
  await until(
    'the executor and what it ran to be gone',
    () => pids.filter(isAlive),
    (alive) => alive.length === 0,
  );
  expect({
    code,
    exitCode,
    begins: text.startsWith('out\n'),
    pids: pids.every(Number.isInteger),
    patched: patch?.includes('Success'),
    made: await readFile(join(workspace, 'made.md'), 'utf8'),
  }).toEqual({
    code: 0,
    exitCode: 3,
    begins: true,
    pids: true,
    patched: true,
    made: 'by an agent\n',
  });
});
