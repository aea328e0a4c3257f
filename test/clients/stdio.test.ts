/** The real Codex CLI with an executor that it starts itself, as it does over ssh. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ensureCodex } from '../host/codex.mjs';
import { until } from '../host/until.mjs';
import { parseCommandReport } from '../support/codexReport';
import { startCodexExec } from '../support/codexRun';
import type { ExecutorBundle } from '../support/executorBundle';
import { bundleExecutor } from '../support/executorBundle';
import { isAlive } from '../support/processFacts';
import { applyPatch, execCommand, say } from '../support/scriptedModelItems';
import { temporaryFolder } from '../support/temporaryFolder';

let bundle: ExecutorBundle | undefined;

// The first time the client is more than a hundred megabytes.
beforeAll(async () => {
  await ensureCodex();
  bundle = await bundleExecutor();
}, 600_000);
afterAll(() => bundle?.remove());

it('works over stdio, and leaves nothing behind when the client ends', async () => {
  const workspace = await temporaryFolder();
  const args = [bundle?.script ?? '', '--listen', 'stdio', '--workspace', workspace];
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
      () => [execCommand('echo "left $$"; exec sleep 1000', { yieldTimeMs: 250 })],
      () => [say('done')],
    ],
  });
  const { code } = await run.exited;
  run.model.assertFinished();
  const [command, patch, left] = run.model.toolOutputs().map(({ output }) => output);
  const { exitCode, text } = parseCommandReport(command ?? '');
  const pids = [/executor (\d+)/.exec(text), /left (\d+)/.exec(left ?? '')].map((match) =>
    Number(match?.[1]),
  );
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
