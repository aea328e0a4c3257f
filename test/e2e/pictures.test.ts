import { copyFile, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { COLOR_THEMES } from '../host/settings.mjs';
import { STATUS_ITEM, copyAgentUrl, openEditorForTest, startServer } from '../support/editor';
import { startServer as startRemote } from '../support/execServerHarness';
import { WireClient, startParams } from '../support/wireClient';

/** Where the pictures of README and walkthrough live; they are replaced only on request: `npm run pictures`. */
const MEDIA = 'media';

/** Small, so that a picture of the whole window can be read beside text. */
const SMALL_WINDOW = { width: 920, height: 540 };

/** Looks like a test run that waits for the next change. */
const SUITE = `printf '\\033[32m✓\\033[0m %s\\n' 'takes an order' 'refunds a payment' 'ships on Monday'
echo
echo 'Waiting for changes'
sleep 1000
`;

const QUIET_WINDOW = {
  'workbench.editor.empty.hint': 'hidden',
  'window.zoomLevel': 0,
};

test.each([
  ['dark', 'workbench.png'],
  ['light', 'workbench-light.png'],
  ['highContrast', undefined],
] as const)('shows an agent at work in the %s theme', async (theme, picture) => {
  const editor = await openEditorForTest({
    settings: {
      'workbench.colorTheme': COLOR_THEMES[theme],
      'workbench.editor.empty.hint': 'hidden',
      'window.zoomLevel': 0,
      'editor.minimap.enabled': false,
      // Shell patterns have closing brackets that nothing opens, which would be drawn as mistakes.
      'editor.bracketPairColorization.enabled': false,
    },
  });
  const { workbench, workspace } = editor;
  const url = await startServer(workbench);
  await workbench.openFile('deploy.sh');
  await workbench.widenSideBar(160);
  const tree = workbench.tree('Sessions');

  const agent = await WireClient.connect(url);
  await agent.request('initialize', { clientName: 'codex-environment' });
  agent.notify('initialized');
  const run = async (id: string, script: string, more = {}): Promise<void> => {
    const environment = { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color' };
    const overrides = { cwd: workspace, env: environment, ...more };
    await agent.request('process/start', startParams(id, script, overrides));
  };
  await run('a', 'ls -la');
  await run('b', 'node --test', { tty: true });
  await run('c', 'grep -rn TODO .', { cwd: join(workspace, 'src') });
  await Promise.all(['a', 'b', 'c'].map((id) => agent.outputOf(id)));
  await run('f', 'tail -f hosts', { cwd: '/etc' });
  await run('d', 'sh scripts/watch.sh', { tty: true });
  await run('e', 'sh scripts/deploy.sh', { tty: true });
  await tree.waitForItem(/ls -la.*code 0/);
  await tree.waitForItem(/grep.*code 1/);
  await tree.clickInlineAction(/deploy/, 'Open Output', () =>
    workbench.terminal.waitForScreen(/Deploy to staging/),
  );
  await tree.clickInlineAction(/deploy/, 'Take Over Input', () =>
    tree.waitForItem(/deploy.*taken over/),
  );
  await workbench.terminal.type('y');
  await workbench.terminal.waitForScreen(/\[y\/N\] y/);
  await workbench.restPointer();

  const file = `out/e2e/workbench-${theme}.png`;
  await workbench.screenshot(file);
  if (picture !== undefined && process.env['UPDATE_PICTURES'] === '1') {
    await copyFile(file, join(MEDIA, picture));
  }
  expect(await workbench.statusItemName(STATUS_ITEM)).toMatch(/Exec Server/);
  agent.cut();
});

test.each([
  ['dark', ''],
  ['light', '-light'],
] as const)('shows the three modes and the way to them in the %s theme', async (theme, ending) => {
  const editor = await openEditorForTest({
    settings: { ...QUIET_WINDOW, 'workbench.colorTheme': COLOR_THEMES[theme] },
    viewport: SMALL_WINDOW,
  });
  const { workbench, workspace } = editor;
  const { quickInput } = workbench;
  const tree = workbench.tree('Sessions');
  const picture = async (name: string): Promise<void> => {
    await workbench.restPointer();
    const file = `out/e2e/walkthrough-${name}${ending}.png`;
    await workbench.screenshot(file);
    if (process.env['UPDATE_PICTURES'] === '1') {
      await copyFile(file, join(MEDIA, 'walkthrough', `${name}${ending}.png`));
    }
  };
  const switchTo = async (place: RegExp): Promise<void> => {
    await workbench.runCommand('Exec Server: Switch Mode');
    await quickInput.choose(place);
  };

  // Off, with nothing listening.
  await workbench.waitForStatus(STATUS_ITEM, /off/);
  await workbench.openView(/^Exec Server/);
  await workbench.page.getByRole('button', { name: 'Start Exec Server' }).waitFor();
  await workbench.widenSideBar(240);
  await picture('start');

  await workbench.runCommand('Exec Server: Start');
  await workbench.waitForStatus(STATUS_ITEM, /local/);
  await workbench.notifications.clearAll();
  await workbench.runCommand('Exec Server: Copy Connect Command');
  await quickInput.option(/POSIX/).waitFor();
  await picture('connect');
  await quickInput.cancel();

  // The form of a remote, then one that is there.
  const far = await realpath(await mkdtemp(join(tmpdir(), 'shop-')));
  onTestFinished(() => rm(far, { recursive: true }));
  const remote = await startRemote({ settings: { workspaceFolders: [far] } });
  await workbench.runCommand('Exec Server: Add Remote');
  await quickInput.enter(`ws://127.0.0.1:${remote.port}/`, /address/);
  await quickInput.enter('build-box', /name/);
  await quickInput.enter(remote.token, /secret storage/);
  await workbench.notifications.waitFor(/^Saved build-box/);
  await workbench.notifications.clearAll();

  // Local: an agent at work in the workspace.
  const agent = await WireClient.connect(await copyAgentUrl(workbench));
  await workbench.notifications.clearAll();
  await agent.request('initialize', { clientName: 'codex-environment' });
  agent.notify('initialized');
  const run = async (id: string, script: string, cwd: string, more = {}): Promise<void> => {
    const env = { PATH: process.env['PATH'] ?? '', TERM: 'xterm-256color' };
    await agent.request('process/start', startParams(id, script, { cwd, env, ...more }));
  };
  await run('a', 'ls -la', workspace);
  await run('b', 'sh scripts/watch.sh', workspace, { tty: true });
  await tree.waitForItem(/ls -la.*code 0/);
  await tree.clickInlineAction(/watch.*running/, 'Open Output', () =>
    workbench.terminal.waitForScreen(/\w/),
  );
  // Nothing is in the editors, so the terminal gets their room.
  await workbench.runCommand('View: Toggle Maximized Panel');
  await picture('mode-local');
  await workbench.runCommand('Terminal: Kill the Active Terminal Instance');
  await switchTo(/^build-box/);
  await workbench.dialog.clickButton(/Switch to build-box/, 'Terminate 1 Running Process');

  // Remote: the same agent, and what it runs is elsewhere.
  await workbench.waitForStatus(STATUS_ITEM, /build-box/);
  await workbench.runCommand('Exec Server: Clear History');
  await tree.waitForNoItem(/watch/);
  await run('c', 'uname -s', far);
  await writeFile(join(far, 'test.sh'), SUITE);
  await run('d', 'sh test.sh --watch', far, { tty: true });
  await tree.waitForItem(/uname.*code 0/);
  await tree.clickInlineAction(/sh test.*on build-box in/, 'Open Output', () =>
    workbench.terminal.waitForScreen(/Waiting for changes/),
  );
  await picture('mode-remote');
  await workbench.clickStatusItem(STATUS_ITEM);
  await quickInput.option(/^Local/).waitFor();
  await picture('menu');
  await quickInput.choose(/^Disabled/);
  await workbench.dialog.clickButton(/Disable/, 'Terminate 1 Running Process');

  // Disabled: the agent is connected, and refused.
  await workbench.waitForStatus(STATUS_ITEM, /disabled/);
  await tree.waitForItem(/sh test.*by you/);
  await picture('mode-disabled');
  await workbench.runCommand('Exec Server: Choose What Agents May Do');
  await quickInput.list.locator('.label-name', { hasText: 'Run commands' }).waitFor();
  await picture('capabilities');
  await quickInput.cancel();
  expect(await workbench.statusItemName(STATUS_ITEM)).toMatch(/disabled, every call is refused/);
  agent.cut();
});
