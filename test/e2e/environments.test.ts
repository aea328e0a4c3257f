import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Deferred } from '../../src/base/deferred';
import { until } from '../host/until.mjs';
import { startCodexExecServer } from '../support/codexExecServer';
import type { CodexExecServer } from '../support/codexExecServer';
import { parseCommandReport, runningSession } from '../support/codexReport';
import { startCodexExec } from '../support/codexRun';
import type { CodexRun } from '../support/codexRun';
import type { Editor } from '../support/editor';
import {
  STATUS_ITEM,
  copyAgentUrl,
  executorsOf,
  openEditorForTest,
  startServer,
} from '../support/editor';
import { startServer as startRemote } from '../support/execServerHarness';
import type { Turn } from '../support/scriptedModel';
import { applyPatch, execCommand, say, writeStdin } from '../support/scriptedModelItems';
import { temporaryFolder } from '../support/temporaryFolder';
import { WireClient, startParams } from '../support/wireClient';

/** The agent stands still while a remote is given up and brought back. */
const RUN_DEADLINE_MS = 800_000;

/** A connection is given up 45 seconds after it was lost. */
const LOSS_DEADLINE_MS = 300_000;

/** Fewer than the palette shows at once, so that no row is stepped over. */
const ROWS_IN_VIEW = 5;

const CAPABILITY_DISABLED = -32012;

/** Answers the three steps of a remote's form. */
async function fillIn(
  { workbench: { quickInput } }: Editor,
  { where, name, token }: { where?: string; name?: string; token?: string },
): Promise<void> {
  const steps = [
    [/address of an exec-server/, where],
    [/name for it/, name],
    [/secret storage/, token],
  ] as const;
  for (const [prompt, text] of steps) {
    if (text !== undefined) await quickInput.enter(text, prompt);
  }
}

async function waitForStatus({ workbench }: Editor, text: RegExp): Promise<string> {
  return until(
    `${String(text)} in the status bar`,
    () => workbench.statusItemText(STATUS_ITEM),
    (state) => text.test(state),
    LOSS_DEADLINE_MS,
  );
}

async function switchTo({ workbench }: Editor, place: RegExp): Promise<void> {
  await workbench.runCommand('Exec Server: Switch Mode');
  await workbench.quickInput.choose(place);
}

test('a real agent works on a real remote that a person adds, loses and gets back', async () => {
  const opened = await openEditorForTest();
  const { workbench, workspace } = opened;
  const tree = workbench.tree('Sessions');
  const far = join(await temporaryFolder(), 'far', 'app');
  await mkdir(far, { recursive: true });
  let remote: CodexExecServer = await startCodexExecServer({ cwd: far });
  onTestFinished(() => remote.kill());
  const port = Number(new URL(remote.url).port);

  // Added through the window, tested by it, switched to.
  const url = await startServer(workbench);
  await workbench.runCommand('Exec Server: Add Remote');
  await fillIn(opened, { where: remote.url, name: 'far', token: '' });
  await workbench.notifications.clickButton(/^Saved far: linux, /, 'Switch to far');
  await waitForStatus(opened, /Exec: far$/);
  await copyAgentUrl(workbench);
  expect(await workbench.clipboardText()).toContain(`-C '${far}'`);

  const lost = new Deferred<void>();
  const back = new Deferred<void>();
  const switchedOff = new Deferred<void>();
  const local = new Deferred<void>();
  const script: Turn[] = [
    () => [execCommand('echo made here > made.txt; pwd; exit 3', { callId: 'first' })],
    () => [applyPatch('*** Begin Patch\n*** Add File: patched.txt\n+patched\n*** End Patch\n')],
    () => [
      execCommand('printf "name? "; read a; echo "got:$a"; read b', {
        tty: true,
        yieldTimeMs: 500,
        callId: 'reader',
      }),
    ],
    (request) => [
      writeStdin(runningSession(request.lastOutput()), 'agent\n', {
        yieldTimeMs: 1000,
        callId: 'typed',
      }),
    ],
    async () => {
      await lost.promise;
      return [execCommand('echo too early', { callId: 'unreachable' })];
    },
    async () => {
      await back.promise;
      return [execCommand('cat made.txt', { callId: 'back' })];
    },
    async () => {
      await switchedOff.promise;
      return [execCommand('echo must not run > leaked.txt', { callId: 'switched off' })];
    },
    async () => {
      await local.promise;
      return [execCommand('echo at home', { workdir: workspace, callId: 'home' })];
    },
    () => [say('done')],
  ];
  const run = await startCodexExec({
    execServerUrl: url,
    cwd: far,
    deadlineMs: RUN_DEADLINE_MS,
    script,
  });
  try {
    // What runs there is in the tree with its path there, and in a terminal like any other.
    await run.model.reached(4);
    expect(await tree.waitForItem(/echo made here.*code 3/)).toContain(`on far in ${far}`);
    expect(await readFile(join(far, 'made.txt'), 'utf8')).toBe('made here\n');
    expect(await readFile(join(far, 'patched.txt'), 'utf8')).toBe('patched\n');
    await tree.clickInlineAction(/read a.*running/, 'Open Output', () =>
      workbench.terminal.waitForScreen(/got:agent/),
    );
    await tree.clickInlineAction(/read a.*running/, 'Take Over Input', () =>
      tree.waitForItem(/read a.*taken over/),
    );
    await workbench.terminal.type('by hand');
    await workbench.terminal.waitForScreen(/by hand/);
    await tree.clickInlineAction(/read a.*taken over/, 'Hand Back Input', () =>
      tree.waitForItem(/read a.*running(?!.*taken over)/),
    );

    // The remote dies: first a short loss, then one the user is told of.
    await remote.kill();
    await waitForStatus(opened, /far, (reconnecting|unreachable)/);
    await waitForStatus(opened, /far, unreachable/);
    expect(await workbench.notifications.waitFor(/Agents work on far/)).toMatch(
      /cannot be reached/,
    );
    await tree.waitForItem(/read a.*failed/);
    await workbench.screenshot('out/e2e/remote-unreachable.png');
    lost.resolve();
    await run.model.reached(5);
    expect(toolOutput(run, 'unreachable')).toMatch(/far/);

    remote = await startCodexExecServer({ cwd: far, port });
    await workbench.notifications.clickButton(/Agents work on far/, 'Reconnect');
    await waitForStatus(opened, /Exec: far(?!, [ru])/);
    back.resolve();
    await run.model.reached(6);
    expect(parseCommandReport(toolOutput(run, 'back')).text).toContain('made here');

    await switchTo(opened, /Disabled/);
    await waitForStatus(opened, /Exec: disabled/);
    switchedOff.resolve();
    await run.model.reached(7);
    expect(toolOutput(run, 'switched off')).toContain('disabled');

    await switchTo(opened, /Local/);
    await waitForStatus(opened, /Exec: local/);
    local.resolve();
    const { code } = await run.exited;
    expect(code).toBe(0);
    run.model.assertFinished();
    expect(parseCommandReport(toolOutput(run, 'home')).text).toContain('at home');
    await tree.waitForItem(/echo at home.*code 0/);
  } finally {
    await run.kill();
  }
});

test('a remote is tested before it is saved, and its token is kept out of the settings', async () => {
  const opened = await openEditorForTest();
  const { workbench, server } = opened;
  const remote = await startRemote();
  const url = await startServer(workbench);
  const address = `ws://127.0.0.1:${remote.port}/`;
  const readSettings = async (): Promise<unknown> =>
    JSON.parse(await readFile(join(server.root, 'data/Machine/settings.json'), 'utf8'));

  // A wrong token: the person is told, corrects it, and nothing was saved meanwhile.
  await workbench.runCommand('Exec Server: Add Remote');
  await fillIn(opened, { where: address, name: 'box', token: 'wrong' });
  await workbench.dialog.clickButton(/box does not answer/, 'Edit');
  await fillIn(opened, { where: address, name: 'box', token: remote.token });
  await workbench.notifications.clickButton(/^Saved box: /, 'Switch to box');
  await waitForStatus(opened, /Exec: box$/);
  expect(await readSettings()).toEqual({ 'execServer.remotes': [{ name: 'box', url: address }] });

  // An executor that is started again finds the token.
  await workbench.notifications.clearAll();
  const before = executorsOf(opened);
  await workbench.runCommand('Exec Server: Restart');
  await until(
    'another executor',
    () => executorsOf(opened),
    (pids) => pids.length > 0 && pids.every((pid) => !before.includes(pid)),
  );
  await waitForStatus(opened, /Exec: box$/);

  const agent = await WireClient.open(url);
  const cwd = remote.workspace;
  await agent.request('process/start', startParams('p', 'pwd; sleep 1000', { cwd }));
  await workbench.tree('Sessions').waitForItem(/pwd.*running.*on box in /);

  // What agents may do, with checkboxes; it counts on the remote too.
  await workbench.runCommand('Exec Server: Choose What Agents May Do');
  await workbench.quickInput.toggle(/Run commands/);
  await workbench.quickInput.accept();
  await waitForStatus(opened, /box, files only/);
  const refused = await agent.call('process/start', startParams('q', 'true', { cwd }));
  expect('error' in refused && refused.error.code).toBe(CAPABILITY_DISABLED);

  // To this machine, with the question what happens there; then the remote is forgotten.
  await switchTo(opened, /Local/);
  await workbench.dialog.clickButton(/Switch to this machine/, 'Terminate 1 Running Process');
  await workbench.tree('Sessions').waitForItem(/pwd.*by you/);
  await waitForStatus(opened, /Exec: local, files only/);
  await workbench.runCommand('Exec Server: Forget Remote');
  await workbench.quickInput.choose(/box/);
  await workbench.dialog.clickButton(/Forget box/, 'Forget');
  await until(
    'the settings to lose the remote',
    readSettings,
    (settings) => JSON.stringify(settings) === '{"execServer.capabilities.exec":false}',
  );
  agent.cut();

  // With commands off and nothing that ran, the palette has nothing for processes.
  await workbench.runCommand('Exec Server: Clear History');
  await workbench.tree('Sessions').waitForNoItem(/pwd/);
  const offered = await commandsOffered(opened);
  expect(offered).toEqual(expect.arrayContaining(['Exec Server: Add Remote']));
  expect(offered.filter((name) => /Take Over|Terminate|Reconnect/.test(name))).toEqual([]);
  expect(await filesWith(remote.token, server.root)).toEqual([]);
});

/** What the palette lists of ours. */
async function commandsOffered({ workbench: { page, quickInput } }: Editor): Promise<string[]> {
  await page.keyboard.press('F1');
  await quickInput.input.fill('>Exec Server: ');
  await quickInput.option(/Exec Server: Add Remote/).waitFor();
  const names = new Set<string>();
  // Only rows in view exist, so it is walked through until it begins anew.
  for (let before = -1; before !== names.size;) {
    before = names.size;
    for (let step = 0; step < ROWS_IN_VIEW; step += 1) await page.keyboard.press('ArrowDown');
    for (const name of await quickInput.choices()) names.add(name);
  }
  await quickInput.cancel();
  return [...names].filter((name) => name.startsWith('Exec Server: '));
}

/** Files below a folder that hold a text: settings, state, logs, databases. */
async function filesWith(text: string, folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const found = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const file = join(parentPath, name);
      // A log may be turned over while it is read.
      const content = await readFile(file).catch(() => Buffer.alloc(0));
      return content.includes(text) ? [file] : [];
    }),
  );
  return found.flat();
}

function toolOutput(run: CodexRun, callId: string): string {
  const output = run.model.toolOutputs().find((candidate) => candidate.callId === callId);
  if (output === undefined) throw new Error(`The agent has no output of ${callId} yet`);
  return output.output;
}
