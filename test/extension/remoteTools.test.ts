import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExecServerApi } from '../../src/extension/api';
import { commandIds } from '../../src/extension/commands/commandIds';
import { startCodexExecServer } from '../support/codexExecServer';
import type { CodexExecServer } from '../support/codexExecServer';
import { activate, configure, openFolder, until } from './extensionUnderTest';
import { PIXEL_PNG, imageOfTool, textOfTool, typeIntoCommand } from './toolCalls';

/** The peer is the Codex CLI's own exec-server, in a folder that is not open here. */
suite('Tools on a remote', () => {
  let api: ExecServerApi;
  let remote: CodexExecServer;
  let far: string;
  let filesHere: readonly string[];

  suiteSetup(async () => {
    api = await activate();
    filesHere = await filesIn(openFolder());
    far = await realpath(await mkdtemp(path.join(tmpdir(), 'far-')));
    await writeFile(path.join(far, 'notes.txt'), 'first\nsecond\n');
    await writeFile(path.join(far, 'pixel.png'), PIXEL_PNG);
    await mkdir(path.join(far, 'sub'));
    remote = await startCodexExecServer({ cwd: far });
    await configure('remotes', [{ name: 'far', url: remote.url }]);
    await vscode.commands.executeCommand(commandIds.start);
    await vscode.commands.executeCommand(commandIds.switchMode, { mode: 'remote', name: 'far' });
    await until('the remote', () => api.mode === 'remote' && api.environment?.health === 'ready');
  });

  suiteTeardown(async () => {
    await vscode.commands.executeCommand(commandIds.switchMode, { mode: 'local' });
    await vscode.commands.executeCommand(commandIds.stop);
    await configure('remotes', undefined);
    await remote.kill();
    await rm(far, { recursive: true });
  });

  test('run commands there, each shown with the remote it runs on', async () => {
    const cmd = 'pwd; echo made there > made.txt; exit 4';
    const output = await textOfTool('exec_command', { cmd, login: false });
    assert.ok(output.includes('exited with code 4'), output);
    assert.ok(output.includes(`Output:\n${far}\n`), output);
    const shown = await until('its end in the tree', () =>
      api.processes().find(({ argv, exitCode }) => argv.at(-1)?.includes('pwd') && exitCode === 4),
    );
    assert.deepEqual(
      { remote: shown.remote, cwd: shown.cwd, made: await textAt('made.txt') },
      { remote: 'far', cwd: far, made: 'made there\n' },
    );
  });

  test('type into a command that goes on there', async () => {
    assert.match(await typeIntoCommand(), /exited with code 0\n[^]*got this\n/);
  });

  test('change, read, list and view files there', async () => {
    const patch = [
      ...['*** Begin Patch', '*** Add File: sub/added.txt', '+added'],
      ...['*** Update File: notes.txt', '@@', ' first', '-second', '+2nd', '*** End Patch'],
    ].join('\n');
    assert.equal(
      await textOfTool('apply_patch', { input: patch }),
      'Success. Updated the following files:\nA sub/added.txt\nM notes.txt\n',
    );
    assert.deepEqual(
      {
        added: await textAt('sub/added.txt'),
        notes: await textAt('notes.txt'),
        read: await textOfTool('read_file', { path: 'notes.txt', offset: 2 }),
        list: (await textOfTool('list_dir', { path: '.', depth: 2 })).split('\n'),
        image: await imageOfTool('view_image', { path: path.join(far, 'pixel.png') }),
      },
      {
        added: 'added\n',
        notes: 'first\n2nd\n',
        read: 'L2: 2nd',
        list: [far, 'made.txt', 'notes.txt', 'pixel.png', 'sub/', '  added.txt'],
        image: { mimeType: 'image/png', bytes: PIXEL_PNG },
      },
    );
  });

  test('change nothing here', async () => {
    assert.deepEqual(await filesIn(openFolder()), filesHere);
  });

  test('work here again after a switch, from the next call on', async () => {
    // With something running the window asks what shall become of it, and nobody is here to answer.
    await until('the end of all there', () =>
      api.processes().every(({ state }) => state === 'closed'),
    );
    await vscode.commands.executeCommand(commandIds.switchMode, { mode: 'local' });
    const output = await textOfTool('exec_command', { cmd: 'pwd', login: false });
    assert.match(output, new RegExp(`Output:\n.*${path.basename(openFolder())}\n$`));
    await assert.rejects(textOfTool('read_file', { path: 'notes.txt' }));
  });

  async function textAt(name: string): Promise<string> {
    return readFile(path.join(far, name), 'utf8');
  }
});

/** Every file below a folder with what it holds. */
async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(
    files.map(async ({ parentPath, name }) => {
      const file = path.join(parentPath, name);
      return `${file}: ${await readFile(file, 'base64')}`;
    }),
  );
}
