import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as vscode from 'vscode';
import type { ExecServerApi } from '../../src/extension/api';
import { commandIds } from '../../src/extension/commands/commandIds';
import { activate, configure, openFolder, until } from './extensionUnderTest';
import { PIXEL_PNG, imageOfTool, textOfTool, typeIntoCommand } from './toolCalls';

const EXEC_TOOLS = ['execServer_exec_command', 'execServer_write_stdin'];
const FILE_TOOLS = [
  'execServer_apply_patch',
  'execServer_list_dir',
  'execServer_read_file',
  'execServer_view_image',
];

suite('Tools', () => {
  let api: ExecServerApi;
  let folder: string;

  suiteSetup(async () => {
    api = await activate();
    folder = openFolder();
    await vscode.commands.executeCommand(commandIds.start);
  });

  suiteTeardown(async () => {
    await configure('capabilities.exec', undefined);
    await configure('capabilities.filesystem', undefined);
    await vscode.commands.executeCommand(commandIds.stop);
  });

  test('are all there for the chat to choose from', async () => {
    const names = vscode.lm.tools.map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => name.startsWith('execServer_')).sort(),
      [...EXEC_TOOLS, ...FILE_TOOLS].sort(),
    );
    await toolsAre([...EXEC_TOOLS, ...FILE_TOOLS]);
  });

  test('run a command as a process of a session of their own', async () => {
    const output = await textOfTool('exec_command', {
      cmd: 'echo "from $PWD"; exit 3',
      login: false,
    });
    assert.match(
      output,
      new RegExp(`exited with code 3\n.*\nOutput:\nfrom .*${path.basename(folder)}\n$`),
    );
    const process = () => api.processes().find(({ argv }) => argv.at(-1)?.includes('from $PWD'));
    await until('the exit', () => process()?.exitCode === 3);
    const session = api.sessions().find(({ clientName }) => clientName === 'VS Code tools');
    assert.ok(session);
    assert.equal(process()?.sessionId, session.sessionId);
  });

  test('type into a command that goes on', async () => {
    assert.match(await typeIntoCommand(), /exited with code 0\n[^]*got this\n/);
  });

  test('terminate a command that is cancelled', async () => {
    const source = new vscode.CancellationTokenSource();
    const called = vscode.lm.invokeTool(
      'execServer_exec_command',
      { input: { cmd: 'sleep 600', login: false }, toolInvocationToken: undefined },
      source.token,
    );
    const sleeper = (): string | undefined =>
      api.processes().find(({ argv }) => argv.at(-1) === 'sleep 600')?.state;
    await until('the process', () => sleeper() === 'running');
    source.cancel();
    await assert.rejects(async () => called);
    await until('its end', () => sleeper() === 'closed');
  });

  test('change, read and list files', async () => {
    const patch = [
      ...['*** Begin Patch', '*** Add File: made/by/tool.txt', '+one', '+two'],
      ...['*** Update File: README.md', '@@', '+the end', '*** End Patch'],
    ].join('\n');
    const before = await readFile(path.join(folder, 'README.md'), 'utf8');
    assert.equal(
      await textOfTool('apply_patch', { input: patch }),
      'Success. Updated the following files:\nA made/by/tool.txt\nM README.md\n',
    );
    assert.deepEqual(
      [
        await readFile(path.join(folder, 'made/by/tool.txt'), 'utf8'),
        await readFile(path.join(folder, 'README.md'), 'utf8'),
        await textOfTool('read_file', { path: 'made/by/tool.txt', offset: 2 }),
        (await textOfTool('list_dir', { path: 'made', depth: 2 })).split('\n').slice(1),
      ],
      ['one\ntwo\n', `${before}the end\n`, 'L2: two', ['by/', '  tool.txt']],
    );
  });

  test('pass an image on', async () => {
    await writeFile(path.join(folder, 'pixel.png'), PIXEL_PNG);
    assert.deepEqual(await imageOfTool('view_image', { path: 'pixel.png' }), {
      mimeType: 'image/png',
      bytes: PIXEL_PNG,
    });
  });

  test('exist only while their capability is on', async () => {
    await configure('capabilities.exec', false);
    await toolsAre(FILE_TOOLS);
    await configure('capabilities.filesystem', false);
    await toolsAre([]);
    await configure('capabilities.exec', undefined);
    await toolsAre(EXEC_TOOLS);
    await configure('capabilities.filesystem', undefined);
    await toolsAre([...EXEC_TOOLS, ...FILE_TOOLS]);
    await vscode.commands.executeCommand(commandIds.switchMode, 'disabled');
    await toolsAre([]);
    await vscode.commands.executeCommand(commandIds.switchMode, 'local');
    await toolsAre([...EXEC_TOOLS, ...FILE_TOOLS]);
  });

  test('go on with an executor that was started again', async () => {
    await vscode.commands.executeCommand(commandIds.restart);
    await toolsAre([...EXEC_TOOLS, ...FILE_TOOLS]);
    assert.match(await textOfTool('exec_command', { cmd: 'echo again', login: false }), /again\n$/);
  });
});

/**
 * Waits until exactly these can be called. `lm.tools` has every tool that a manifest names, so each is asked:
 * one that exists objects to the empty input before anything else.
 */
async function toolsAre(expected: readonly string[]): Promise<void> {
  let callable: readonly string[] = [];
  const found = until('the tools', async () => {
    const answers = await Promise.all([...EXEC_TOOLS, ...FILE_TOOLS].map(isCallable));
    callable = answers.flat();
    return callable.join() === expected.join();
  });
  await found.catch(() => assert.deepEqual(callable, expected));
}

async function isCallable(name: string): Promise<readonly string[]> {
  try {
    await vscode.lm.invokeTool(name, { input: {}, toolInvocationToken: undefined });
  } catch (error) {
    return String(error).includes('is missing') ? [name] : [];
  }
  return assert.fail(`${name} took an empty input`);
}
