import { expect, test } from 'vitest';
import { until } from '../host/until.mjs';
import { Workbench } from '../host/workbench.mjs';
import type { Editor, EditorOptions } from '../support/editor';
import {
  STATUS_ITEM,
  agentProgramsOf,
  executorsOf,
  openEditorForTest,
  startServer,
} from '../support/editor';
import { isAlive } from '../support/processFacts';
import { WireClient, startParams } from '../support/wireClient';

/** A window in which the server runs, and the address for agents. */
async function startedEditor(options: EditorOptions = {}): Promise<Editor & { url: string }> {
  const editor = await openEditorForTest(options);
  return { ...editor, url: await startServer(editor.workbench) };
}

/** Direction overrides, control characters, an icon, a link and a second line. */
const HOSTILE = '\u202Egnp.exe\u202C $(alert) [click](command:rm)\u0007\n\u001b[31mred\u200b';

test('hostile text reaches the tree and the terminal list as one plain line', async () => {
  const { workbench, url, workspace } = await startedEditor();
  const tree = workbench.tree('Sessions');
  const agent = await WireClient.connect(url);
  await agent.request('initialize', { clientName: HOSTILE });
  agent.notify('initialized');
  await agent.request(
    'process/start',
    startParams(HOSTILE, ['/bin/sh', '-c', `sleep 1000 # ${HOSTILE}`], {
      cwd: workspace,
      tty: true,
    }),
  );
  const item = await tree.waitForItem(/sleep 1000/);
  const session = (await tree.items()).find((name) => name.includes('gnp.exe')) ?? '';
  const tabs = await tree.clickInlineAction(/sleep 1000/, 'Open Output', () =>
    until(
      'the tab of the terminal',
      () => workbench.page.locator('.terminal-tabs-entry, .single-terminal-tab').allInnerTexts(),
      (texts) => texts.some((text) => text.includes('sleep 1000')),
    ),
  );
  for (const text of [item, session, ...tabs]) {
    // eslint-disable-next-line no-control-regex -- their absence is what is tested
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e]/);
  }
  expect(session).toContain('(alert)');
  expect(await workbench.tree('Sessions').tree.locator('.codicon-alert').count()).toBe(0);
  agent.cut();
});

test('output cannot write the clipboard, nor make the terminal type into the process', async () => {
  const { workbench, url, workspace } = await startedEditor();
  const tree = workbench.tree('Sessions');
  const before = await workbench.clipboardText();
  const agent = await WireClient.open(url);
  // Stolen clipboard, device attributes, cursor position, colours, size report; then what arrived as input.
  const queries =
    '\\033]52;c;cHduZWQ=\\007\\033]52;c;?\\033\\\\\\033[c\\033[6n\\033]10;?\\007\\033[18t';
  const script = `stty raw -echo; printf 'ready\\r\\n'; head -c 1 >/dev/null; printf '${queries}'; printf 'asked\\r\\n'; dd bs=1 count=1 2>/dev/null | od -An -c; printf 'end\\r\\n'`;
  await agent.request('process/start', startParams('asker', script, { cwd: workspace, tty: true }));
  await tree.clickInlineAction(/stty raw/, 'Open Output', () =>
    workbench.terminal.waitForScreen(/ready/),
  );
  await tree.clickInlineAction(/stty raw/, 'Take Over Input', () =>
    tree.waitForItem(/stty raw.*taken over/),
  );
  await workbench.terminal.type('g');
  await workbench.terminal.waitForScreen(/asked/);
  await workbench.terminal.type('Z');
  const screen = await workbench.terminal.waitForScreen(/end/);
  // The first byte after the queries is the one that was typed, so no reply came before it.
  expect(screen.join('\n')).toMatch(/asked\n\s*Z/);
  expect(await workbench.clipboardText()).toBe(before);
  agent.cut();
});

test('a crashed executor is started again at the same address, and its processes are shown as lost', async () => {
  const editor = await startedEditor();
  const { workbench, url, workspace } = editor;
  const tree = workbench.tree('Sessions');
  const agent = await WireClient.open(url);
  await agent.request('process/start', startParams('p', 'sleep 1000', { cwd: workspace }));
  await tree.waitForItem(/sleep 1000.*running/);
  const [executor] = executorsOf(editor);
  if (executor === undefined) throw new Error('There is no executor to kill');
  process.kill(executor, 'SIGKILL');
  await agent.closed;
  await tree.waitForItem(/sleep 1000.*lost/);
  await workbench.waitForStatus(STATUS_ITEM, /local/i);
  const again = await until(
    'the address to work again',
    () => WireClient.open(url),
    () => true,
  );
  await until(
    'the lost program to be ended',
    () => agentProgramsOf(editor),
    (pids) => pids.length === 0,
  );
  await again.request('process/start', startParams('q', 'sleep 2000', { cwd: workspace }));
  await tree.waitForItem(/sleep 2000.*running/);
  again.cut();
});

test('a second window of the same folder shows the same server, and learns when it is stopped', async () => {
  const editor = await startedEditor();
  const { workbench, browser, server, url, workspace } = editor;
  const agent = await WireClient.open(url);
  await agent.request('process/start', startParams('p', 'sleep 1000', { cwd: workspace }));
  const second = await Workbench.open(browser, server.port, { folder: workspace });
  await second.waitForStatus(STATUS_ITEM, /local/i);
  await second.openView(/^Exec Server/);
  await second.tree('Sessions').waitForItem(/sleep 1000.*running/);
  expect(executorsOf(editor)).toHaveLength(1);
  await workbench.runCommand('Exec Server: Stop');
  await workbench.dialog.clickButton(/Stop/, 'Stop and Terminate');
  await workbench.waitForStatus(STATUS_ITEM, /off/i);
  await second.waitForStatus(STATUS_ITEM, /off/i);
  expect(await agent.closed).toMatchObject({ code: 1001 });
  await until(
    'the executor and every program of the agent to end',
    () => [...executorsOf(editor), ...agentProgramsOf(editor)],
    (pids) => pids.length === 0,
  );
});

test('when no window comes back, everything the agent started ends', async () => {
  const editor = await startedEditor({
    machineSettings: { 'execServer.ownerGraceSeconds': 10 },
  });
  const { workbench, url, workspace } = editor;
  const agent = await WireClient.open(url);
  await agent.request('process/start', startParams('p', 'echo $$; sleep 1000', { cwd: workspace }));
  const first = await agent.next((message) => message['method'] === 'process/output');
  const { chunk } = first['params'] as { chunk: string };
  const pid = Number(Buffer.from(chunk, 'base64').toString());
  expect(isAlive(pid)).toBe(true);
  await workbench.close();
  await agent.closed;
  await until(
    'the process and the executor to end',
    () => isAlive(pid) || executorsOf(editor).length > 0,
    (isThere) => !isThere,
  );
});
