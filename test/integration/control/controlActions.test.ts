import { describe, expect, it } from 'vitest';
import { base64, untilText } from '../../support/processCalls';
import type { ExecutorSettings } from '../../../src/control/messages';
import { ControlWindow, startControlled } from '../../support/controlHarness';
import { isAlive, printedPids, until } from '../../support/processFixtures';
import { WireClient, startParams } from '../../support/wireClient';

describe('control channel: what it does', () => {
  it('resizes a terminal and the program sees it', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    const program = 'stty -echo; echo ready; while read -r line; do stty size; done';
    await agent.request('process/start', startParams('tty', program, { tty: true }));
    await untilText(agent, 'tty', 'ready');
    const window = await ControlWindow.open(server);
    const serial = await window.serialOf('tty');
    await window.client.request('process/resize', { serial, rows: 33, cols: 101 });
    await agent.request('process/write', { processId: 'tty', chunk: base64('\n') });
    expect(await untilText(agent, 'tty', '101')).toContain('33 101');
  });

  it('signals the group of a process', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    const program = 'trap "echo interrupted; exit 5" INT; echo ready; while :; do sleep 0.05; done';
    await agent.request('process/start', startParams('p', program));
    await untilText(agent, 'p', 'ready');
    const window = await ControlWindow.open(server);
    await window.client.request('process/signal', {
      serial: await window.serialOf('p'),
      signal: 'interrupt',
    });
    expect((await agent.outputOf('p')).toString()).toContain('interrupted');
    await window.until(() => window.process('p')?.state === 'closed', 'the process is closed');
    const { exitCode, endedBy } = window.process('p') ?? {};
    expect({ exitCode, endedBy }).toEqual({ exitCode: 5, endedBy: undefined });
  });

  it('terminates a process and its children, and says who did it', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    const program = 'trap "" TERM; sleep 1000 & echo "child $!"; echo "leader $$"; wait';
    await agent.request('process/start', startParams('p', program));
    const text = await untilText(agent, 'p', 'leader');
    const pids = [...printedPids(text, 'child'), ...printedPids(text, 'leader')];
    const window = await ControlWindow.open(server);
    const serial = await window.serialOf('p');
    const answers = [await window.client.request('process/terminate', { serial })];
    await window.until(() => window.process('p')?.state === 'closed', 'the process is closed');
    answers.push(await window.client.request('process/terminate', { serial }));
    await until(() => !pids.some(isAlive), 'the tree is gone');
    const { endedBy, exitCode } = window.process('p') ?? {};
    expect({ answers, pids: pids.length, endedBy, exitCode }).toEqual({
      answers: [{ running: true }, { running: false }],
      pids: 2,
      endedBy: 'user',
      exitCode: 137,
    });
  });

  it('ends what an exited program left behind when the user terminates it', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('p', 'sleep 1000 & echo "child $!"; exit 4'));
    const window = await ControlWindow.open(server);
    const serial = await window.serialOf('p');
    await window.until(() => window.process('p')?.state === 'closing', 'the program has exited');
    // The agent has a connection of its own, on which the text may come later than the exit here.
    const pids = printedPids(await untilText(agent, 'p', '\n'), 'child');
    const answer = await window.client.request('process/terminate', { serial });
    await window.until(() => window.process('p')?.state === 'closed', 'the process is closed');
    // A program that is killed lets go of its output before it is gone.
    await until(() => !pids.some(isAlive), 'what it left behind is gone');
    expect({
      answer,
      left: pids.length,
      exitCode: window.process('p')?.exitCode,
    }).toEqual({ answer: { running: false }, left: 1, exitCode: 4 });
  });

  it('ends a session with everything in it and remembers it as ended', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    const other = await WireClient.open(server.url);
    await agent.request(
      'process/start',
      startParams('p', 'echo "pid $$"; while :; do sleep 1; done'),
    );
    await other.request('process/start', startParams('q', 'while :; do sleep 1; done'));
    const pids = printedPids(await untilText(agent, 'p', '\n'), 'pid');
    const window = await ControlWindow.open(server);
    await window.client.request('session/end', { sessionId: agent.sessionId });
    await window.until(
      () => window.sessions.get(agent.sessionId)?.state === 'ended',
      'the session is ended',
    );
    await window.client.request('session/end', { sessionId: 'nobody' });
    expect({
      closed: await agent.closed,
      alive: pids.filter(isAlive),
      processes: [...window.processes.values()].map(({ processId, state, endedBy }) => [
        processId,
        state,
        endedBy,
      ]),
      other: window.sessions.get(other.sessionId)?.state,
    }).toEqual({
      closed: { code: 1001, reason: 'session ended by the user' },
      alive: [],
      processes: expect.arrayContaining([
        ['p', 'closed', 'user'],
        ['q', 'running', undefined],
      ]),
      other: 'attached',
    });
  });

  it('replaces the token: connections, sessions and processes of the former one are over', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request(
      'process/start',
      startParams('p', 'echo "pid $$"; while :; do sleep 1; done'),
    );
    const pids = printedPids(await untilText(agent, 'p', '\n'), 'pid');
    const window = await ControlWindow.open(server);
    const witness = await ControlWindow.open(server);
    const listener = await window.client.request('token/rotate', {});
    await witness.until(() => witness.listener.token === listener.token, 'others know the token');
    const next = await WireClient.open(`${listener.url}?token=${listener.token}`);
    const resumed = await WireClient.connect(`${listener.url}?token=${listener.token}`);
    expect({
      closed: await agent.closed,
      alive: pids.filter(isAlive),
      changed: listener.token !== server.token,
      port: listener.port,
      former: await WireClient.connect(server.url).catch((error: unknown) => String(error)),
      resume: await resumed.call('initialize', {
        clientName: 'thief',
        resumeSessionId: agent.sessionId,
      }),
      next: typeof next.sessionId,
    }).toEqual({
      closed: { code: 1008, reason: 'the token was replaced' },
      alive: [],
      changed: true,
      port: server.port,
      former: 'Error: HTTP 401',
      resume: {
        error: { code: -32600, message: `unknown session id ${agent.sessionId}` },
      },
      next: 'string',
    });
  });

  it('tells other windows of a token replaced while no agent is connected', async () => {
    const server = await startControlled();
    const window = await ControlWindow.open(server);
    const witness = await ControlWindow.open(server);
    const { token } = await window.client.request('token/rotate', {});
    await witness.until(() => witness.listener.token === token, 'the other window knows');
    expect(witness.listener).toEqual(server.control.listenerView());
  });

  it('clears the history and keeps what runs', async () => {
    const server = await startControlled({ limits: { closedProcessRetentionMs: 1 } });
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('over', 'true'));
    await agent.request('process/start', startParams('running', 'while :; do sleep 1; done'));
    const window = await ControlWindow.open(server);
    await window.until(() => window.process('over')?.state === 'closed', 'it is over');
    await window.client.request('history/clear', {});
    await window.until(() => window.process('over') === undefined, 'it is forgotten');
    expect([...window.processes.values()].map(({ processId }) => processId)).toEqual(['running']);
  });

  it('applies settings to the sessions that are detached from then on', async () => {
    const server = await startControlled();
    const window = await ControlWindow.open(server);
    const settings: ExecutorSettings = {
      workspaceFolders: [server.workspace],
      writeScope: 'unrestricted',
      execEnabled: true,
      filesystemEnabled: true,
      allowedHosts: ['dev.example'],
      detachedSessionTtlSeconds: 0.05,
      ownerGraceSeconds: 5,
    };
    await window.client.request('settings/update', settings);
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('p', 'while :; do sleep 1; done'));
    agent.cut();
    await window.until(
      () => window.sessions.get(agent.sessionId)?.state === 'ended',
      'the session has expired',
    );
    const host = { headers: { host: 'dev.example' } };
    const byName = await WireClient.connect(server.url, host);
    await byName.close();
    expect({
      applied: server.appliedSettings,
      endedBy: window.process('p')?.endedBy,
    }).toEqual({ applied: [settings], endedBy: 'sessionExpired' });
  });

  it('answers a shutdown before it begins', async () => {
    const server = await startControlled();
    const window = await ControlWindow.open(server);
    const answers = [
      await window.client.request('executor/shutDown', { reason: 'window closed' }),
      await window.client.request('executor/shutDown', {}),
    ];
    await until(() => server.shutDowns.length === 2, 'it was asked to shut down');
    expect({ answers, reasons: server.shutDowns }).toEqual({
      answers: [{}, {}],
      reasons: ['window closed', 'asked by the editor'],
    });
  });
});

describe('control channel: modes', () => {
  const calls: [string, unknown][] = [
    ['process/start', startParams('next', 'true')],
    ['process/read', { processId: 'p' }],
    ['process/write', { processId: 'p', chunk: '' }],
    ['process/closeStdin', { processId: 'p' }],
    ['process/resize', { processId: 'p', rows: 1, cols: 1 }],
    ['process/signal', { processId: 'p', signal: 'interrupt' }],
    ['process/terminate', { processId: 'p' }],
    ['fs/getMetadata', { path: '/tmp' }],
    ['fs/readFile', { path: '/tmp/x' }],
    ['fs/writeFile', { path: '/tmp/x', dataBase64: '' }],
    ['fs/createDirectory', { path: '/tmp/x' }],
    ['fs/readDirectory', { path: '/tmp' }],
    ['fs/canonicalize', { path: '/tmp' }],
    ['fs/remove', { path: '/tmp/x' }],
    ['fs/copy', { sourcePath: '/tmp/x', destinationPath: '/tmp/y', recursive: false }],
    ['environment/status', {}],
  ];

  it('refuses every call of a live session at once when switched off, and serves it again', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('p', ['/bin/cat'], { pipeStdin: true }));
    const window = await ControlWindow.open(server);
    await window.client.request('environment/set', {
      choice: { mode: 'disabled' },
      runningProcesses: 'keep',
    });
    const refusals = await Promise.all(calls.map(([method, params]) => agent.call(method, params)));
    const off = await agent.request('environment/info');
    await window.until(() => window.environment.mode === 'disabled', 'the window knows');
    const kept = window.process('p')?.state;
    await window.client.request('environment/set', {
      choice: { mode: 'local' },
      runningProcesses: 'keep',
    });
    expect({
      refusals: refusals.map((reply, index) => [
        calls[index]?.[0],
        'error' in reply ? reply.error : reply.result,
      ]),
      off: (off as { capabilities: unknown }).capabilities,
      kept,
      again: await agent.call('process/write', { processId: 'p', chunk: base64('hi\n') }),
    }).toEqual({
      refusals: calls.map(([method]) => [
        method,
        {
          code: -32012,
          message: expect.stringMatching(
            /^(exec|filesystem|the environment) is disabled: the user switched Exec Server off$/,
          ),
        },
      ]),
      off: { exec: false, filesystem: false },
      kept: 'running',
      again: { result: { status: 'accepted' } },
    });
  });

  it('listens while it is switched off, and says so in its answer to initialize', async () => {
    const server = await startControlled({ environment: { mode: 'disabled' } });
    const agent = await WireClient.connect(server.url);
    const answer = await agent.request('initialize', { clientName: 'a', resumeSessionId: null });
    agent.notify('initialized', {});
    const start = await agent.call('process/start', startParams('p', 'true'));
    expect({
      capabilities: (answer as { environmentInfo: { capabilities: unknown } }).environmentInfo
        .capabilities,
      start,
    }).toEqual({
      capabilities: { exec: false, filesystem: false },
      start: {
        error: {
          code: -32012,
          message: 'exec is disabled: the user switched Exec Server off',
        },
      },
    });
  });

  it('ends what runs when it is switched off that way, and the sessions stay', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request(
      'process/start',
      startParams('p', 'echo "pid $$"; while :; do sleep 1; done'),
    );
    const pids = printedPids(await untilText(agent, 'p', '\n'), 'pid');
    const window = await ControlWindow.open(server);
    await window.client.request('environment/set', {
      choice: { mode: 'disabled' },
      runningProcesses: 'terminate',
    });
    await window.until(() => window.process('p')?.state === 'closed', 'the process is closed');
    expect({
      alive: pids.filter(isAlive),
      endedBy: window.process('p')?.endedBy,
      session: window.sessions.get(agent.sessionId)?.state,
    }).toEqual({ alive: [], endedBy: 'user', session: 'attached' });
  });

  it('leaves nothing running that was being started while it was switched off', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    const window = await ControlWindow.open(server);
    const started = Array.from({ length: 20 }, (_, index) =>
      agent.call('process/start', startParams(`p${index}`, 'while :; do sleep 1; done')),
    );
    await window.client.request('environment/set', {
      choice: { mode: 'disabled' },
      runningProcesses: 'terminate',
    });
    await Promise.all(started);
    const [session] = server.executor.server.sessions.all;
    await until(() => session?.openProcessCount === 0, 'nothing runs');
    expect(session?.openProcessCount).toBe(0);
  });
});
