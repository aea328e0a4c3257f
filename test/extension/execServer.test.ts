import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import * as vscode from 'vscode';
import type { ApiProcess, ExecServerApi } from '../../src/extension/api';
import { commandIds } from '../../src/extension/commands/commandIds';
import { WireClient } from '../support/wireClient';
import { activate, configure, openFolder, until } from './extensionUnderTest';

/** Copies the address as a user does: the command, then the form in the quick pick. */
async function agentUrl(): Promise<string> {
  await vscode.env.clipboard.writeText('');
  await chooseFirst(vscode.commands.executeCommand(commandIds.copyConnectCommand));
  const text = await vscode.env.clipboard.readText();
  const url = /CODEX_EXEC_SERVER_URL='([^']+)'/.exec(text)?.[1];
  assert.ok(url);
  return url;
}

/** Answers the one quick pick of a command with what is on top of it. */
async function chooseFirst(command: Thenable<unknown>): Promise<void> {
  let isDone = false;
  const done = Promise.resolve(command).finally(() => {
    isDone = true;
  });
  const answered = until('the command to end', async () => {
    // The quick pick may not be there yet; accepting nothing has no effect.
    await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
    return isDone;
  });
  await Promise.all([done, answered]);
}

async function startProcess(agent: WireClient, processId: string, script: string, tty = true) {
  return agent.call('process/start', {
    processId,
    argv: ['/bin/sh', '-c', script],
    cwd: pathToFileURL(openFolder()).href,
    env: { PATH: '/usr/bin:/bin', TERM: 'xterm' },
    tty,
    rows: 24,
    cols: 80,
  });
}

function nodeOf(process: ApiProcess): { readonly kind: string; readonly id: string } {
  return { kind: 'process', id: process.key };
}

function processOf(api: ExecServerApi, processId: string): ApiProcess | undefined {
  return api.processes().find((process) => process.processId === processId);
}

suite('Exec Server', () => {
  let api: ExecServerApi;
  let agent: WireClient;

  suiteSetup(async () => {
    api = await activate();
  });

  suiteTeardown(async () => {
    for (const process of api.processes().filter(({ state }) => state === 'running')) {
      await vscode.commands.executeCommand(commandIds.terminate, nodeOf(process));
    }
    await until('no running process', () => !api.processes().some((p) => p.state === 'running'));
    await vscode.commands.executeCommand(commandIds.stop);
  });

  test('is off until somebody starts it', () => {
    assert.deepEqual([api.state, api.port, api.sessions()], ['stopped', undefined, []]);
  });

  test('registers every command', async () => {
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = Object.values(commandIds).filter((id) => !registered.has(id));
    assert.deepEqual(missing, []);
  });

  test('starts on command, and tells its port but not its token', async () => {
    await vscode.commands.executeCommand(commandIds.start);
    assert.equal(api.state, 'running');
    assert.ok(api.port);
    agent = await WireClient.open(await agentUrl());
    await until('the session', () => api.sessions()[0]);
    assert.doesNotMatch(JSON.stringify([api, api.sessions(), api.processes()]), /token/i);
  });

  test('shows a process in a terminal, and lets the user take its input over', async () => {
    await startProcess(agent, 'reader', 'read line; echo "got $line"; read line');
    const process = await until('the process', () => processOf(api, 'reader'));
    assert.deepEqual([process.state, process.inputHolder], ['running', 'agent']);

    await vscode.commands.executeCommand(commandIds.openOutput, nodeOf(process));
    const terminal = await until('the terminal', () => vscode.window.activeTerminal);
    assert.match(terminal.name, /^read line/);

    await vscode.commands.executeCommand(commandIds.takeOver, nodeOf(process));
    await until('the take-over', () => processOf(api, 'reader')?.inputHolder === 'user');
    await until('the name', () => vscode.window.activeTerminal?.name.endsWith('(yours)'));
    assert.equal(vscode.window.terminals.length, 1);
    const refused = await agent.request('process/write', {
      processId: 'reader',
      chunk: Buffer.from('agent\n').toString('base64'),
      writeId: 'w1',
    });
    assert.deepEqual(refused, { status: 'starting' });
    terminal.sendText('mine');
    await agent.next((message) => outputOf(message).includes('got mine'));

    await vscode.commands.executeCommand(commandIds.handBack, nodeOf(process));
    await until('the hand-back', () => processOf(api, 'reader')?.inputHolder === 'agent');
  });

  test('interrupts and terminates', async () => {
    await startProcess(agent, 'sleeper', 'sleep 600');
    const sleeper = await until('the process', () => processOf(api, 'sleeper'));
    await vscode.commands.executeCommand(commandIds.interrupt, nodeOf(sleeper));
    await until('its end', () => processOf(api, 'sleeper')?.state === 'closed');

    const reader = processOf(api, 'reader');
    assert.ok(reader);
    await vscode.commands.executeCommand(commandIds.terminate, nodeOf(reader));
    await until('its end', () => processOf(api, 'reader')?.state === 'closed');
    await until('the name', () => vscode.window.activeTerminal?.name.includes('(exited'));
  });

  test('asks which process is meant when the editor has lost the row that was clicked', async () => {
    await startProcess(agent, 'meant', 'sleep 600');
    await until('the first process', () => processOf(api, 'meant'));
    await startProcess(agent, 'in front', 'sleep 600');
    const inFront = await until('the second process', () => processOf(api, 'in front'));
    await vscode.commands.executeCommand(commandIds.openOutput, nodeOf(inFront));
    await until('the terminal', () => vscode.window.activeTerminal?.name.startsWith('sleep 600'));

    // As the editor calls it for a row, while the tree is drawn again: neither the row nor other selected ones.
    await chooseFirst(vscode.commands.executeCommand(commandIds.terminate, undefined, undefined));
    await until('its end', () => processOf(api, 'meant')?.state === 'closed');
    assert.equal(processOf(api, 'in front')?.state, 'running');
    // Called on no row at all, it means what is in front.
    await vscode.commands.executeCommand(commandIds.terminate);
    await until('its end', () => processOf(api, 'in front')?.state === 'closed');
  });

  test('refuses calls while it is disabled, and runs again when it is local', async () => {
    await vscode.commands.executeCommand(commandIds.switchMode, 'disabled');
    await until('the mode', () => api.mode === 'disabled');
    const refused = await startProcess(agent, 'refused', 'true');
    assert.equal('error' in refused && refused.error.code, -32012);
    await vscode.commands.executeCommand(commandIds.switchMode, 'local');
    await until('the mode', () => api.mode === 'local');
    assert.ok('result' in (await startProcess(agent, 'allowed', 'true')));
  });

  test('allows commands and files apart from each other, at once and for agents on the line', async () => {
    const path = pathToFileURL(`${openFolder()}/package.json`).href;
    for (const capability of ['exec', 'filesystem'] as const) {
      await configure(`capabilities.${capability}`, false);
      await until('the change', () => api.environment?.capabilities[capability] === false);
      const start = await startProcess(agent, `with no ${capability}`, 'true');
      const metadata = await agent.call('fs/getMetadata', { path });
      assert.deepEqual(
        [start, metadata].map((reply) => ('error' in reply ? reply.error.code : 'answered')),
        capability === 'exec' ? [-32012, 'answered'] : ['answered', -32012],
      );
      await configure(`capabilities.${capability}`, undefined);
      await until('the change', () => api.environment?.capabilities[capability] === true);
    }
  });

  test('follows the settings where the workspace has no choice of its own', async () => {
    await vscode.commands.executeCommand(commandIds.useSettings);
    await configure('environment', 'disabled');
    await until('the mode', () => api.mode === 'disabled');
    // A remote that nobody named is nowhere, never this machine.
    await configure('environment', 'remote');
    assert.ok('error' in (await startProcess(agent, 'nowhere', 'true')));
    // What was chosen in the workspace counts more.
    await vscode.commands.executeCommand(commandIds.switchMode, { mode: 'local' });
    await until('the mode', () => api.mode === 'local');
    await configure('environment', undefined);
    assert.ok('result' in (await startProcess(agent, 'here', 'true')));
  });

  test('disconnects everybody when the token is replaced', async () => {
    await vscode.commands.executeCommand(commandIds.rotateToken);
    await agent.closed;
    assert.equal(api.state, 'running');
  });

  test('starts a crashed executor again, with the same address and nothing shown as running', async () => {
    const url = await agentUrl();
    agent = await WireClient.open(url);
    await startProcess(agent, 'doomed', 'sleep 600');
    await until('the process', () => processOf(api, 'doomed'));
    const { executorPid, port } = api;
    assert.ok(executorPid);
    process.kill(executorPid, 'SIGKILL');
    await until('the loss', () => processOf(api, 'doomed')?.state === 'lost');
    await until('the restart', () => api.state === 'running');
    assert.deepEqual([api.port, api.processes().filter((p) => p.state === 'running')], [port, []]);
    agent = await WireClient.open(url);
  });

  test('copies the command of a process', async () => {
    const reader = await until('the process', () => processOf(api, 'reader'));
    await vscode.commands.executeCommand(commandIds.copyCommand, nodeOf(reader));
    assert.equal(
      await vscode.env.clipboard.readText(),
      `/bin/sh -c 'read line; echo "got $line"; read line'`,
    );
  });

  test('restarts with the same port, and stops', async () => {
    const { port } = api;
    await vscode.commands.executeCommand(commandIds.restart);
    assert.deepEqual([api.state, api.port], ['running', port]);
    await vscode.commands.executeCommand(commandIds.stop);
    assert.deepEqual([api.state, api.port, api.processes()], ['stopped', undefined, []]);
  });
});

function outputOf(message: Readonly<Record<string, unknown>>): string {
  const params = message['params'] as { readonly chunk?: string } | undefined;
  return Buffer.from(params?.chunk ?? '', 'base64').toString();
}
