import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Deferred } from '../../src/base/deferred';
import { until } from '../host/until.mjs';
import type { CodexRun } from '../support/codexRun';
import { startCodexExec } from '../support/codexRun';
import { parseCommandReport, runningSession } from '../support/codexReport';
import type { Editor } from '../support/editor';
import { STATUS_ITEM, copyAgentUrl, executorsOf, openEditor } from '../support/editor';
import { isAlive } from '../support/processFacts';
import type { ToolOutput, Turn } from '../support/scriptedModel';
import { applyPatch, execCommand, say, viewImage, writeStdin } from '../support/scriptedModelItems';

/** One white pixel. */
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';

/** A bound against hanging: the agent stands still while a person does something in the window. */
const RUN_DEADLINE_MS = 600_000;

/** How long the agent listens to a program that goes on: what it says at once has to come within it. */
const ANSWER_MS = 5_000;

/** The agent listens no longer than until the program's end. */
const END_MS = 30_000;

let editor: Editor;

beforeAll(async () => {
  editor = await openEditor();
});

afterAll(async () => {
  await editor.close();
});

test('the real Codex CLI works in the workspace while a person watches, steps in and switches it off', async () => {
  const { workbench, workspace } = editor;
  await writeFile(join(workspace, 'pixel.png'), Buffer.from(PIXEL, 'base64'));
  await writeFile(join(workspace, 'notes.txt'), 'one\ntwo\n');

  // Nothing listens before a user act.
  await workbench.waitForStatus(STATUS_ITEM, /off/i);
  expect(executorsOf(editor)).toEqual([]);
  await workbench.runCommand('Exec Server: Start');
  await workbench.waitForStatus(STATUS_ITEM, /local/i);
  const url = await copyAgentUrl(workbench);
  await workbench.notifications.clearAll();
  await workbench.openView(/^Exec Server/);
  const tree = workbench.tree('Sessions');

  // The person's moments: the agent stands still at each until the person has acted.
  const watched = new Deferred<void>();
  const tookOver = new Deferred<void>();
  const handedBack = new Deferred<void>();
  const terminated = new Deferred<void>();
  const switchedOff = new Deferred<void>();
  const script: Turn[] = [
    () => [execCommand('echo hello; pwd; exit 3')],
    () => [
      execCommand('printf "name? "; read a; echo "first:$a"; read b; echo "second:$b"; read c', {
        tty: true,
        yieldTimeMs: 500,
      }),
    ],
    async (request) => {
      await watched.promise;
      const session = runningSession(request.lastOutput());
      return [writeStdin(session, 'agent\n', { yieldTimeMs: ANSWER_MS, callId: 'typed' })];
    },
    async () => {
      await tookOver.promise;
      return [writeStdin(ttySession, 'intruding\n', { yieldTimeMs: 500, callId: 'refused' })];
    },
    async () => {
      await handedBack.promise;
      return [writeStdin(ttySession, 'again\n', { yieldTimeMs: END_MS, callId: 'accepted' })];
    },
    () => [
      applyPatch(
        '*** Begin Patch\n*** Update File: notes.txt\n@@\n-one\n+ONE\n*** Add File: docs/made.md\n+made by an agent\n*** End Patch\n',
        { callId: 'patch' },
      ),
    ],
    () => [viewImage(join(workspace, 'pixel.png'), { callId: 'image' })],
    () => [
      execCommand('echo "doomed $$"; sleep 1000', {
        tty: true,
        yieldTimeMs: ANSWER_MS,
        callId: 'doomed',
      }),
    ],
    () => [
      execCommand('i=0; while read line; do i=$((i+1)); echo "survivor $i:$line"; done', {
        tty: true,
        yieldTimeMs: 500,
        callId: 'survivor',
      }),
    ],
    async (request) => {
      survivor = runningSession(request.lastOutput());
      await terminated.promise;
      return [
        writeStdin(survivor, 'still there\n', { yieldTimeMs: ANSWER_MS, callId: 'after reload' }),
      ];
    },
    async () => {
      await switchedOff.promise;
      return [execCommand('echo must not run > leaked.txt', { callId: 'switched off' })];
    },
    () => [say('done')],
  ];
  let ttySession = 0;
  let survivor = 0;
  const run = await startCodexExec({
    execServerUrl: url,
    cwd: workspace,
    deadlineMs: RUN_DEADLINE_MS,
    script,
  });
  try {
    await run.model.reached(2);
    ttySession = runningSession(outputOf(run, 1));

    // The tree tells what the agent does, and one click shows it.
    await tree.waitForItem(/codex/i);
    await tree.waitForItem(/echo hello.*code 3/i);
    const reading = await tree.waitForItem(/read a.*running/i);
    await tree.clickInlineAction(/read a.*running/i, 'Open Output', () =>
      workbench.terminal.waitForScreen(/name\?/),
    );
    watched.resolve();
    await workbench.terminal.waitForScreen(/first:agent/);

    // Read-only until taken over; typing says so once.
    await workbench.terminal.type('ignored');
    await workbench.notifications.waitFor(/Read-only: the agent has the input/);
    await run.model.reached(3);
    await tree.clickInlineAction(/read a.*running/i, 'Take Over Input', () =>
      tree.waitForItem(/read a.*taken over/i),
    );
    tookOver.resolve();
    await run.model.reached(4);
    expect(toolOutput(run, 'refused')).toMatch(/failed to write/i);
    await workbench.terminal.type('by hand');
    await workbench.terminal.press('Enter');
    const typed = await workbench.terminal.waitForScreen(/second:by hand/);
    expect(typed.join('\n')).not.toMatch(/ignored|intruding/);
    await tree.clickInlineAction(/read a.*taken over/i, 'Hand Back Input', () =>
      tree.waitForItem(/read a.*running(?!.*taken over)/i),
    );
    handedBack.resolve();

    // Files, an image, and two commands that go on.
    await run.model.reached(9);
    expect(await readFile(join(workspace, 'notes.txt'), 'utf8')).toBe('ONE\ntwo\n');
    expect(await readFile(join(workspace, 'docs/made.md'), 'utf8')).toBe('made by an agent\n');
    const doomedPid = Number(/doomed (\d+)/.exec(toolOutput(run, 'doomed'))?.[1]);
    expect(isAlive(doomedPid)).toBe(true);
    await tree.clickInlineAction(/doomed.*running/i, 'Terminate', () =>
      tree.waitForItem(/doomed.*code 137/i),
    );
    await until(
      'the process to be gone',
      () => isAlive(doomedPid),
      (alive) => !alive,
    );

    // A reload changes nothing for the agent, and the window finds everything again.
    await workbench.reload();
    await workbench.waitForStatus(STATUS_ITEM, /local/i);
    await workbench.openView(/^Exec Server/);
    await tree.waitForItem(/survivor.*running/i);
    await tree.waitForItem(/doomed.*code 137/i);
    await tree.clickInlineAction(/survivor.*running/i, 'Open Output', () => {
      terminated.resolve();
      return workbench.terminal.waitForScreen(/survivor 1:still there/);
    });
    await run.model.reached(10);
    expect(toolOutput(run, 'after reload')).toContain('survivor 1:still there');

    // Switched off: the agent is told so, and nothing happens any more.
    await workbench.runCommand('Exec Server: Switch Mode');
    await workbench.quickInput.choose(/disabled/i);
    await workbench.dialog.clickButton(/Disable/, 'Terminate 1 Running Process');
    await workbench.waitForStatus(STATUS_ITEM, /disabled/i);
    switchedOff.resolve();

    const { code } = await run.exited;
    expect(code).toBe(0);
    run.model.assertFinished();
    expect(toolOutput(run, 'switched off')).toContain('disabled');
    expect(existsSync(join(workspace, 'leaked.txt'))).toBe(false);
    expect(reading).toContain('running');
  } catch (error) {
    await workbench.screenshot('out/e2e/realCodex.png');
    throw error;
  } finally {
    await run.kill();
  }

  // What the model was told, start to end.
  expect(parseCommandReport(outputOf(run, 0).output)).toMatchObject({
    exitCode: 3,
    text: `hello\n${workspace}\n`,
  });
  expect(toolOutput(run, 'typed')).toContain('first:agent');
  expect(parseCommandReport(toolOutput(run, 'accepted'))).toMatchObject({ exitCode: 0 });
  expect(toolOutput(run, 'patch')).toMatch(/Success/);
  expect(run.model.toolOutputs().find(({ callId }) => callId === 'image')?.images).toHaveLength(1);

  await workbench.runCommand('Exec Server: Stop');
  await workbench.waitForStatus(STATUS_ITEM, /off/i);
  await until(
    'the executor to end',
    () => executorsOf(editor),
    (pids) => pids.length === 0,
  );
});

function outputOf(run: CodexRun, index: number): ToolOutput {
  const output = run.model.toolOutputs()[index];
  if (output === undefined) throw new Error(`The agent has no output ${index} yet`);
  return output;
}

function toolOutput(run: CodexRun, callId: string): string {
  const output = run.model.toolOutputs().find((candidate) => candidate.callId === callId);
  if (output === undefined) throw new Error(`The agent has no output of ${callId} yet`);
  return output.output;
}
