import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { COLOR_THEMES } from '../host/settings.mjs';
import type { Editor } from '../support/editor';
import { STATUS_ITEM, openEditor, startServer } from '../support/editor';
import { WireClient, startParams } from '../support/wireClient';

/** Where the README's pictures live; they are replaced only on request, as `npm run pictures` does. */
const MEDIA = 'media';

let editor: Editor | undefined;

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') {
    await editor?.workbench.screenshot(`out/e2e/${task.name.slice(0, 40)}.png`);
  }
  await editor?.close();
  editor = undefined;
});

test.each([
  ['dark', 'workbench.png'],
  ['light', undefined],
  ['highContrast', undefined],
] as const)('shows an agent at work in the %s theme', async (theme, picture) => {
  editor = await openEditor({
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
  await tree.clickInlineAction(/deploy/, 'Open Output');
  await workbench.terminal.waitForScreen(/Deploy to staging/);
  await tree.clickInlineAction(/deploy/, 'Take Over Input');
  await tree.waitForItem(/deploy.*taken over/);
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
