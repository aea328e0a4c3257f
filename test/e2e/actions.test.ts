import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { until } from '../host/until.mjs';
import type { Editor } from '../support/editor';
import {
  STATUS_ITEM,
  agentProgramsOf,
  copyAgentUrl,
  executorsOf,
  openEditor,
  startServer,
} from '../support/editor';
import { commandLineOf } from '../support/processFacts';
import { WireClient, startParams } from '../support/wireClient';

/** More than the server lets pass within a minute without a word. */
const GUESSES = 12;

let editor: Editor;
let agent: WireClient;
let url = '';
/** Every token there was; none of them may be found anywhere. */
const tokens: string[] = [];

beforeAll(async () => {
  editor = await openEditor();
  await connect(await startServer(editor.workbench));
});

afterEach(async ({ task }) => {
  expectNoToken(await editor.workbench.page.locator('body').innerText());
  if (task.result?.state === 'fail') {
    await editor.workbench.screenshot(`out/e2e/${task.name.slice(0, 40)}.png`);
  }
});

afterAll(async () => {
  await editor.close();
});

async function connect(address: string): Promise<void> {
  url = address;
  tokens.push(new URL(url).searchParams.get('token') ?? '');
  agent = await WireClient.open(url);
}

async function run(processId: string, script: string, more = {}): Promise<void> {
  await agent.request(
    'process/start',
    startParams(processId, script, { cwd: editor.workspace, ...more }),
  );
}

function expectNoToken(text: string): void {
  for (const token of tokens) {
    expect(token).toMatch(/^[\w-]{32,}$/);
    expect(text.includes(token), 'the token is in a text').toBe(false);
  }
}

test('every action of a row is in its keyboard menu, and the row says its state in words', async () => {
  const { workbench } = editor;
  const tree = workbench.tree('Sessions');
  await run('k', 'echo shown; read line; sleep 1000 # keys', { tty: true });
  const name = await tree.waitForItem(/# keys/);
  expect(name).toMatch(/running for less than a minute, pid \d+$/);

  await workbench.runCommand('Exec Server: Focus on Sessions View');
  await tree.focusItem(/# keys/);
  expect(await tree.keyboardMenu()).toEqual([
    'Open Output',
    'Take Over Input',
    'Interrupt',
    'Terminate',
    'Copy Command',
    'Copy Session Id',
  ]);
  await workbench.page.keyboard.press('Enter');
  await workbench.terminal.waitForScreen(/shown/);
  await until(
    'the terminal to have the keyboard',
    () => workbench.focusedName(),
    (focused) => focused.includes('# keys'),
  );
  await workbench.runCommand('Exec Server: Terminate');
  await tree.waitForItem(/# keys.*ended by you/);
});

test('the menu of the status bar entry reads well', async () => {
  const { workbench } = editor;
  await workbench.clickStatusItem(STATUS_ITEM);
  const names = await until(
    'the menu',
    () => workbench.quickInput.optionNames(),
    (all) => all.length === 11,
  );
  await workbench.quickInput.cancel();
  expect(names).toEqual([
    'Copy Connect Command',
    'Local, current, this machine, Where agents work',
    'Disabled, refuses every call',
    'Add Remote…',
    'Choose What Agents May Do…, run commands, work with files, What agents may do',
    'Rotate Token and Disconnect All, Server',
    'Stop',
    'Restart',
    'Show Sessions',
    'Show Log',
    'Open Settings',
  ]);
});

test('copies the command and the session id, and interrupts', async () => {
  const { workbench } = editor;
  const tree = workbench.tree('Sessions');
  await run('i', "sleep 1000 # it's", { tty: true });
  await tree.clickContextAction(/# it's/, 'Copy Command', () =>
    expectClipboard(`/bin/sh -c 'sleep 1000 # it'\\''s'`),
  );
  await tree.clickContextAction(/^Session wire-test, connected/, 'Copy Session Id', () =>
    until(
      'the session id in the clipboard',
      () => workbench.clipboardText(),
      (text) => /^[\da-f]{8}-[\da-f-]{27}$/.test(text),
    ),
  );
  await tree.clickInlineAction(/# it's/, 'Interrupt', () =>
    tree.waitForItem(/# it's.*exited with code 130/),
  );
});

test('a process outside the workspace is flagged, one in a folder of it shows which', async () => {
  const tree = editor.workbench.tree('Sessions');
  await run('o', 'sleep 1000 # out', { cwd: '/' });
  await run('n', 'sleep 1000 # in', { cwd: join(editor.workspace, 'src') });
  expect(await tree.waitForItem(/# out/)).toMatch(/, outside the workspace in \/, pid/);
  expect(await tree.waitForItem(/# in/)).toMatch(/, in src, pid/);
  for (const name of ['# out', '# in']) {
    await tree.clickInlineAction(new RegExp(name), 'Terminate', () =>
      tree.waitForItem(new RegExp(`${name}.*ended by you`)),
    );
  }
});

test('closing a terminal that holds the input hands it back, and ends nothing', async () => {
  const { workbench } = editor;
  const tree = workbench.tree('Sessions');
  await run('h', 'echo ready; read line; sleep 1000 # held', { tty: true });
  await tree.clickInlineAction(/# held/, 'Take Over Input', () =>
    tree.waitForItem(/# held.*taken over/),
  );
  await workbench.terminal.waitForScreen(/ready/);
  await workbench.runCommand('Terminal: Kill the Active Terminal Instance');
  await tree.waitForItem(/# held.*running(?!.*taken over)/);
  expect(
    await agent.request('process/write', {
      processId: 'h',
      chunk: Buffer.from('by the agent\n').toString('base64'),
      writeId: 'w1',
    }),
  ).toEqual({ status: 'accepted' });
  await tree.clickInlineAction(/# held/, 'Terminate', () =>
    tree.waitForItem(/# held.*ended by you/),
  );
});

test('a program of an agent gets nothing of the editor, of npm or of the token', async () => {
  const envPolicy = {
    inherit: 'all',
    ignoreDefaultExcludes: true,
    exclude: [],
    set: {},
    includeOnly: [],
  };
  await run('e', 'env', { env: {}, envPolicy });
  const environment = (await agent.outputOf('e')).toString();
  expect(environment).toMatch(/^PATH=/m);
  expect(environment).not.toMatch(
    /^(?:VSCODE_|ELECTRON_|npm_|EXEC_SERVER_|CODEX_EXEC_SERVER|NODE_OPTIONS)/m,
  );
  expectNoToken(environment);
});

test('wrong tokens in a row are told, once', async () => {
  const { workbench } = editor;
  const wrong = url.replace(/token=.*/, 'token=wrong');
  for (let guess = 0; guess < GUESSES; guess++) {
    await expect(WireClient.connect(wrong)).rejects.toThrow(/HTTP 4/);
  }
  await workbench.notifications.waitFor(/wrong token/);
  expect(await workbench.notifications.messages()).toHaveLength(1);
  await workbench.notifications.clearAll();
});

test('a replaced token disconnects everybody, and only the copied address works', async () => {
  const { workbench } = editor;
  const tree = workbench.tree('Sessions');
  const formerUrl = url;
  await run('r', 'sleep 1000 # rotated');
  await tree.waitForItem(/# rotated.*running/);
  await workbench.runCommand('Exec Server: Rotate Token and Disconnect All');
  await workbench.dialog.clickButton(/Replace the token/, 'Disconnect and Terminate');
  await workbench.notifications.waitFor(/token was replaced and 1 agent disconnected/);
  await agent.closed;
  await workbench.notifications.clearAll();
  await tree.waitForItem(/# rotated.*exited/);
  await expect(WireClient.connect(formerUrl)).rejects.toThrow(/HTTP 4/);
  await connect(await copyAgentUrl(workbench));
  await workbench.notifications.clearAll();
  expect(url).not.toBe(formerUrl);
});

test('a restart keeps the address; a stop leaves no process', async () => {
  const { workbench } = editor;
  const tree = workbench.tree('Sessions');
  await run('s', 'sleep 1000 # before');
  await tree.waitForItem(/# before.*running/);
  await workbench.runCommand('Exec Server: Restart');
  await workbench.dialog.clickButton(/Restart/, 'Restart and Terminate');
  await agent.closed;
  await workbench.waitForStatus(STATUS_ITEM, /local$/);
  agent = await WireClient.open(url);
  await run('t', 'sleep 1000 & sleep 1000; true # after');
  await tree.waitForItem(/# after.*running/);
  await until(
    'the shell and what it starts',
    () => agentProgramsOf(editor).map(commandLineOf),
    (commands) => commands.length === 3,
  );

  await workbench.runCommand('Exec Server: Stop');
  await workbench.dialog.clickButton(/Stop/, 'Stop and Terminate');
  await workbench.waitForStatus(STATUS_ITEM, /off/i);
  await until(
    'the executor and every program of the agent to end',
    () => [...executorsOf(editor), ...agentProgramsOf(editor)].map(commandLineOf),
    (commands) => commands.length === 0,
  );
  await expect(WireClient.connect(url)).rejects.toThrow(/ECONNREFUSED/);
});

test('no log has the token', async () => {
  const { workbench, server } = editor;
  await workbench.runCommand('Exec Server: Show Log');
  await until(
    'the log on view',
    () => workbench.page.locator('body').innerText(),
    (text) => text.includes('session'),
  );
  expectNoToken(await workbench.page.locator('body').innerText());
  const logs = filesBelow(join(server.root, 'data/logs')).map((file) => readFileSync(file, 'utf8'));
  expect(logs.some((text) => text.includes('session'))).toBe(true);
  expectNoToken(logs.join('\n'));
});

async function expectClipboard(expected: string): Promise<void> {
  await until(
    'the clipboard',
    () => editor.workbench.clipboardText(),
    (text) => text === expected,
  );
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
