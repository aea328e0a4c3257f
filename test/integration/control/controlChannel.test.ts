import { describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { AddressInfo } from 'node:net';
import { nullLogger } from '../../../src/base/logger';
import { connectControl } from '../../../src/control/connectControl';
import type { ControlClient, ControlMethod } from '../../../src/control/controlClient';
import type { ExecutorSettings } from '../../../src/control/messages';
import { ControlWindow, instance, startControlled } from '../../support/controlHarness';
import { isAlive, printedPids, until } from '../../support/processFixtures';
import { WireClient, startParams } from '../../support/wireClient';

/** The text of everything a process wrote so far, as the agent got it. */
const textOf = (agent: WireClient, processId: string): string =>
  agent
    .eventsOf(processId)
    .map(({ params }) => Buffer.from(params.chunk ?? '', 'base64').toString())
    .join('');

async function untilText(agent: WireClient, processId: string, expected: string): Promise<string> {
  await agent.next(() => textOf(agent, processId).includes(expected));
  return textOf(agent, processId);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('control channel: who may open it', () => {
  it('opens with the owner token in the header and with nothing else', async () => {
    const server = await startControlled();
    const at = (path: string, token?: string): Promise<string> =>
      WireClient.connect(`ws://127.0.0.1:${server.port}${path}`, {
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      }).then(
        async (client) => {
          await client.close();
          return 'open';
        },
        (error: unknown) => String(error),
      );
    expect({
      owner: await at('/control', server.ownerToken),
      nobody: await at('/control'),
      agent: await at('/control', server.token),
      ownerInQuery: await at(`/control?token=${server.ownerToken}`),
      agentInQuery: await at(`/control?token=${server.token}`),
      ownerAsAgent: await at('/', server.ownerToken),
      ownerAsAgentInQuery: await at(`/?token=${server.ownerToken}`),
    }).toEqual({
      owner: 'open',
      nobody: 'Error: HTTP 401',
      agent: 'Error: HTTP 401',
      ownerInQuery: 'Error: HTTP 401',
      agentInQuery: 'Error: HTTP 401',
      ownerAsAgent: 'Error: HTTP 401',
      ownerAsAgentInQuery: 'Error: HTTP 401',
    });
  });

  it('refuses a wrong token with an error that does not name it', async () => {
    const { port } = await startControlled();
    const ownerToken = 'canary'.repeat(8);
    const options = { port, ownerToken, clientName: 'window', logger: nullLogger };
    const error = await connectControl(options).then(
      () => undefined,
      (refusal: unknown) => refusal as Error,
    );
    expect({
      code: (error as { code?: string } | undefined)?.code,
      quoted: `${error?.message ?? ''}${error?.stack ?? ''}`.includes('canary'),
    }).toEqual({ code: 'connectionClosed', quoted: false });
  });

  it('takes four windows and refuses the fifth', async () => {
    const server = await startControlled();
    for (let count = 0; count < 4; count += 1) await ControlWindow.open(server);
    await expect(ControlWindow.open(server)).rejects.toMatchObject({ code: 'connectionClosed' });
  });

  it('gives notice once of a burst of wrong tokens', async () => {
    const server = await startControlled({ limits: { maxAuthFailuresPerMinute: 3 } });
    const window = await ControlWindow.open(server);
    for (let attempt = 0; attempt < 8; attempt += 1) {
      await expect(
        WireClient.connect(`ws://127.0.0.1:${server.port}/?token=guess`),
      ).rejects.toThrow();
    }
    await window.client.request('view/close', { viewId: 0 });
    expect(window.notices).toEqual([
      {
        code: 'authFailures',
        message: '4 connections with a wrong token within a minute were refused.',
      },
    ]);
  });
});

describe('control channel: what it tells', () => {
  it('begins with a snapshot of what is', async () => {
    const server = await startControlled();
    const beforeMs = Date.now();
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', {
      ...startParams('shell', 'echo "pid $$"; read -r line; exit 7', { pipeStdin: true }),
      cwd: server.workspace,
    });
    const [pid] = printedPids(await untilText(agent, 'shell', '\n'), 'pid');
    const { client } = await ControlWindow.open(server);
    const time = expect.toSatisfy((at: number) => at >= beforeMs && at <= Date.now());
    expect(client.snapshot).toEqual({
      executor: instance,
      listener: {
        port: server.port,
        url: `ws://127.0.0.1:${server.port}/`,
        token: server.token,
        connections: 1,
      },
      mode: 'local',
      sessions: [
        {
          sessionId: agent.sessionId,
          clientName: 'wire-test',
          state: 'attached',
          createdAtMs: time,
        },
      ],
      processes: [
        {
          serial: 1,
          sessionId: agent.sessionId,
          processId: 'shell',
          argv: ['/bin/sh', '-c', 'echo "pid $$"; read -r line; exit 7'],
          cwd: server.workspace,
          pid,
          tty: false,
          acceptsInput: true,
          state: 'running',
          inputHolder: 'agent',
          startedAtMs: time,
          lastOutputAtMs: time,
          outputBytes: `pid ${pid ?? ''}\n`.length,
        },
      ],
    });
  });

  it('tells connections, sessions and processes as they come and go', async () => {
    const server = await startControlled();
    const window = await ControlWindow.open(server);
    const agent = await WireClient.open(server.url);
    await window.until(() => window.listener.connections === 1, 'the agent is counted');
    await agent.request('process/start', startParams('p', 'exit 3'));
    await window.until(() => window.process('p')?.state === 'closed', 'the process is closed');
    agent.cut();
    await window.until(() => window.listener.connections === 0, 'the agent is gone');
    await window.until(
      () => window.sessions.get(agent.sessionId)?.state === 'detached',
      'the session is detached',
    );
    const { expiresAtMs, createdAtMs } = window.sessions.get(agent.sessionId) ?? {};
    expect({
      exitCode: window.process('p')?.exitCode,
      ttlMs: Math.round(((expiresAtMs ?? 0) - (createdAtMs ?? 0)) / 80_000),
      sameAsAsked: [...window.processes.values()],
    }).toEqual({
      exitCode: 3,
      ttlMs: 1,
      sameAsAsked: server.control.snapshot().processes,
    });
  });

  it('gathers the changes of a flood instead of telling each chunk', async () => {
    const server = await startControlled();
    const window = await ControlWindow.open(server);
    const agent = await WireClient.open(server.url);
    const startMs = performance.now();
    await agent.request('process/start', startParams('flood', 'yes | head -c 20000000'));
    await window.until(() => window.process('flood')?.state === 'closed', 'the flood is over');
    const told = window.changes.filter(({ processes = [] }) => processes.length > 0).length;
    const most = Math.ceil((performance.now() - startMs) / 100) + 2;
    expect({
      outputBytes: window.process('flood')?.outputBytes,
      gathered: told <= most,
    }).toEqual({ outputBytes: 20_000_000, gathered: true });
  });

  it('hands a window that connects the log lines from before, in order and once', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    const window = await ControlWindow.open(server, { clientName: 'late' });
    await agent.close();
    const wanted = ['listening', 'session created', 'owner connected', 'session detached'];
    const found = (): string[] =>
      window.log.flatMap(({ line }) => wanted.filter((text) => line.includes(text)));
    await window.until(() => found().includes('session detached'), 'the log has arrived');
    const times = window.log.map(({ atMs }) => atMs ?? Number.NaN);
    expect({
      found: found(),
      inOrder: times.every((at, index) => at >= (times[index - 1] ?? 0)),
    }).toEqual({ found: wanted, inOrder: true });
  });

  it('never writes a token, an input or an output to the log', async () => {
    const server = await startControlled();
    const window = await ControlWindow.open(server);
    const agent = await WireClient.open(server.url);
    await agent.request(
      'process/start',
      startParams('p', 'echo canary-out; read -r line', {
        pipeStdin: true,
        env: { PATH: '/usr/bin:/bin', SECRET: 'canary-env' },
      }),
    );
    await agent.request('process/write', { processId: 'p', chunk: base64('canary-in\n') });
    await agent.outputOf('p');
    await WireClient.connect(`ws://127.0.0.1:${server.port}/?token=canary-guess`).catch(() => 0);
    await window.client.request('token/rotate', {});
    await window.until(
      () => window.log.some(({ line }) => line.includes('session ended')),
      'the session end is logged',
    );
    const text = window.log.map(({ line }) => line).join('\n');
    const secrets = ['canary', server.token, server.ownerToken, window.listener.token];
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
  });

  it('loses nothing that comes in one piece with the snapshot', async () => {
    const { port, ownerToken, snapshot, close } = await eagerExecutor();
    const client: ControlClient = await connectControl({
      port,
      ownerToken,
      clientName: 'window',
      logger: nullLogger,
    });
    const told: unknown[] = [];
    client.onDidChange(({ mode }) => told.push(mode));
    await new Promise<void>((resolve) => {
      client.onDidClose(() => {
        told.push('closed');
        resolve();
      });
    });
    await close();
    expect({ mode: client.snapshot.mode, told, asked: snapshot }).toEqual({
      mode: 'local',
      told: ['disabled', 'closed'],
      asked: 'control/initialize',
    });
  });
});

/** Answers `control/initialize`, tells a change and hangs up, all in one turn. */
async function eagerExecutor() {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (socket: WebSocket) => {
    socket.on('message', (data: Buffer) => {
      const { id } = JSON.parse(data.toString()) as { id: number };
      const listener = { port: 1, url: 'ws://127.0.0.1:1/', token: 't', connections: 0 };
      const result = { executor: instance, listener, mode: 'local', sessions: [], processes: [] };
      socket.send(JSON.stringify({ id, result }));
      socket.send(JSON.stringify({ method: 'control/changed', params: { mode: 'disabled' } }));
      socket.close();
    });
  });
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    ownerToken: 'o'.repeat(43),
    snapshot: 'control/initialize',
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

describe('control channel: views', () => {
  const program = 'seq 1 30000; read -r line; seq 30001 60000';
  const start = { pipeStdin: true };
  const goOn = { processId: 'p', chunk: base64('\n') };

  it.each(['before', 'while', 'after'])(
    'shows exactly the bytes of a process that finishes %s the view opens',
    async (when) => {
      const server = await startControlled();
      const agent = await WireClient.open(server.url);
      const window = await ControlWindow.open(server);
      await agent.request('process/start', startParams('p', program, start));
      const serial = await window.serialOf('p');
      let opened: Promise<number> | undefined;
      if (when === 'after') {
        opened = window.view(serial);
        await window.until(() => window.bytesOf(1).includes('30000\n'), 'the first half is shown');
      }
      await untilText(agent, 'p', '\n30000\n');
      const written = agent.request('process/write', goOn);
      if (when === 'while') opened = window.view(serial);
      await written;
      const bytes = await agent.outputOf('p');
      opened ??= window.view(serial);
      const viewId = await opened;
      await window.until(() => window.shown(viewId).ended !== undefined, 'the view has ended');
      expect({
        same: window.bytesOf(viewId).equals(bytes),
        bytes: bytes.length,
        dropped: window.shown(viewId).dropped,
        ended: window.shown(viewId).ended,
      }).toEqual({ same: true, bytes: 348_894, dropped: [], ended: { exitCode: 0 } });
    },
  );

  it('tells a viewer that comes late how much is no longer kept', async () => {
    const server = await startControlled({ limits: { maxRetainedOutputBytes: 100_000 } });
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('p', 'seq 1 60000'));
    const bytes = await agent.outputOf('p');
    const window = await ControlWindow.open(server);
    const viewId = await window.view(await window.serialOf('p'));
    await window.until(() => window.shown(viewId).ended !== undefined, 'the view has ended');
    const shown = window.bytesOf(viewId);
    const [dropped = 0, ...more] = window.shown(viewId).dropped;
    expect({
      accounted: dropped + shown.length,
      isTail: bytes.subarray(-shown.length).equals(shown),
      bounded: shown.length <= 100_000,
      more,
    }).toEqual({ accounted: bytes.length, isTail: true, bounded: true, more: [] });
  });

  it('stops at its window for a viewer that is stuck, and neither process nor agent waits', async () => {
    const viewerWindowBytes = 64 * 1024;
    const server = await startControlled({ limits: { viewerWindowBytes } });
    const agent = await WireClient.open(server.url);
    const window = await ControlWindow.open(server, { acknowledges: false });
    await agent.request(
      'process/start',
      startParams('p', 'read -r line; seq 1 2000000', { pipeStdin: true }),
    );
    const viewId = await window.view(await window.serialOf('p'));
    await agent.request('process/write', goOn);
    const bytes = await agent.outputOf('p');
    await window.until(() => window.process('p')?.state === 'closed', 'the process is closed');
    const stuckAt = window.bytesOf(viewId).length;
    const endedWhileStuck = window.shown(viewId).ended;
    window.client.acknowledge(viewId, stuckAt);
    let acknowledged = stuckAt;
    await window.until(() => {
      const shown = window.bytesOf(viewId).length;
      if (shown > acknowledged) window.client.acknowledge(viewId, shown - acknowledged);
      acknowledged = shown;
      return window.shown(viewId).ended !== undefined;
    }, 'the view has caught up');
    const shown = window.bytesOf(viewId);
    const dropped = window.shown(viewId).dropped.reduce((sum, count) => sum + count, 0);
    expect({
      agentBytes: bytes.length,
      startsEqual: bytes.subarray(0, stuckAt).equals(shown.subarray(0, stuckAt)),
      endsEqual: bytes.subarray(-(shown.length - stuckAt)).equals(shown.subarray(stuckAt)),
      bounded: stuckAt >= viewerWindowBytes && stuckAt < viewerWindowBytes + 128 * 1024,
      endedWhileStuck,
      accounted: dropped + shown.length,
    }).toEqual({
      agentBytes: 14_888_896,
      startsEqual: true,
      endsEqual: true,
      bounded: true,
      endedWhileStuck: undefined,
      accounted: 14_888_896,
    });
  });

  it('lets two windows follow one process, each at its own pace', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    const quick = await ControlWindow.open(server);
    const stuck = await ControlWindow.open(server, { acknowledges: false });
    await agent.request('process/start', startParams('p', program, start));
    const serial = await quick.serialOf('p');
    const view = await quick.view(serial);
    await stuck.view(serial);
    await agent.request('process/write', goOn);
    const bytes = await agent.outputOf('p');
    await quick.until(() => quick.shown(view).ended !== undefined, 'the quick view has ended');
    expect(quick.bytesOf(view).equals(bytes)).toBe(true);
  });

  it('refuses a view number that is taken and frees it when the view is closed', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('p', 'echo hello'));
    await agent.outputOf('p');
    await agent.request('process/start', startParams('q', 'read -r line', { pipeStdin: true }));
    const window = await ControlWindow.open(server);
    const running = await window.serialOf('q');
    await window.client.request('view/open', { serial: running, viewId: 9 });
    await expect(
      window.client.request('view/open', { serial: running, viewId: 9 }),
    ).rejects.toMatchObject({ code: -32600, message: 'view 9 is already open' });
    await window.client.request('view/close', { viewId: 9 });
    await window.client.request('view/open', { serial: await window.serialOf('p'), viewId: 9 });
    await window.until(() => window.shown(9).ended !== undefined, 'the view has ended');
    expect(window.bytesOf(9).toString()).toBe('hello\n');
  });

  it('stays readable after the session has forgotten the process', async () => {
    const server = await startControlled({ limits: { closedProcessRetentionMs: 1 } });
    const agent = await WireClient.open(server.url);
    const window = await ControlWindow.open(server);
    await agent.request('process/start', startParams('p', 'echo hello; exit 4'));
    const serial = await window.serialOf('p');
    const [session] = server.executor.server.sessions.all;
    await until(() => [...(session?.processes ?? [])].length === 0, 'the session forgets it');
    const viewId = await window.view(serial);
    await window.until(() => window.shown(viewId).ended !== undefined, 'the view has ended');
    expect({
      text: window.bytesOf(viewId).toString(),
      ended: window.shown(viewId).ended,
      agent: await agent.call('process/read', { processId: 'p' }),
    }).toEqual({
      text: 'hello\n',
      ended: { exitCode: 4 },
      agent: { error: { code: -32600, message: 'unknown process id p' } },
    });
  });

  it('refuses to show output that had to make room, and still lists the process', async () => {
    const server = await startControlled({
      limits: { closedProcessRetentionMs: 1, maxRememberedOutputBytes: 10 },
    });
    const agent = await WireClient.open(server.url);
    const window = await ControlWindow.open(server);
    await agent.request('process/start', startParams('p', 'echo more than ten bytes'));
    const serial = await window.serialOf('p');
    await until(() => server.control.state.find(serial) === undefined, 'the output is released');
    await expect(window.view(serial)).rejects.toMatchObject({
      code: -32600,
      message: 'the output of this process is no longer kept',
    });
    expect(server.control.snapshot().processes.map(({ processId }) => processId)).toEqual(['p']);
  });
});

describe('control channel: the keyboard', () => {
  async function catUnderControl() {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('cat', ['/bin/cat'], { pipeStdin: true }));
    const window = await ControlWindow.open(server);
    const serial = await window.serialOf('cat');
    const typeAsAgent = (text: string): Promise<unknown> =>
      agent.request('process/write', { processId: 'cat', chunk: base64(text) });
    const type = (text: string, by = window): Promise<unknown> =>
      by.client.request('input/write', { serial, dataBase64: base64(text) });
    return { server, agent, window, serial, typeAsAgent, type };
  }

  it('goes to the user and back, and each of them reaches the process only in turn', async () => {
    const { agent, window, serial, typeAsAgent, type } = await catUnderControl();
    const answers = [await type('too early\n'), await typeAsAgent('one\n')];
    await window.client.request('input/takeOver', { serial });
    await window.until(() => window.process('cat')?.inputHolder === 'user', 'the user holds it');
    answers.push(await typeAsAgent('lost\n'));
    answers.push(await agent.request('process/closeStdin', { processId: 'cat' }));
    answers.push(await type('two\n'));
    await window.client.request('input/handBack', { serial });
    answers.push(await type('too late\n'), await typeAsAgent('three\n'));
    expect({ answers, text: await untilText(agent, 'cat', 'three\n') }).toEqual({
      answers: [
        { status: 'notHeld' },
        { status: 'accepted' },
        { status: 'starting' },
        { status: 'starting' },
        { status: 'accepted' },
        { status: 'notHeld' },
        { status: 'accepted' },
      ],
      text: 'one\ntwo\nthree\n',
    });
  });

  it('goes back to the agent when the window goes', async () => {
    const { server, window, serial, typeAsAgent } = await catUnderControl();
    const witness = await ControlWindow.open(server);
    await window.client.request('input/takeOver', { serial });
    await witness.until(() => witness.process('cat')?.inputHolder === 'user', 'the user holds it');
    window.client.dispose();
    await witness.until(() => witness.process('cat')?.inputHolder === 'agent', 'it is handed back');
    expect(await typeAsAgent('again\n')).toEqual({ status: 'accepted' });
  });

  it('stays with the window that took it last when the one before it goes', async () => {
    const { server, window, serial, type, typeAsAgent } = await catUnderControl();
    const next = await ControlWindow.open(server);
    await window.client.request('input/takeOver', { serial });
    await next.client.request('input/takeOver', { serial });
    const gone = new Promise<void>((resolve) => {
      server.control.onDidChangeOwners(() => {
        resolve();
      });
    });
    window.client.dispose();
    await gone;
    expect([await typeAsAgent('lost\n'), await type('kept\n', next)]).toEqual([
      { status: 'starting' },
      { status: 'accepted' },
    ]);
  });

  it('cannot be taken of a process that has no input, has ended or is not known', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request(
      'process/start',
      startParams('mute', 'echo ready; while :; do sleep 1; done'),
    );
    await agent.request('process/start', startParams('ended', ['/bin/cat'], { pipeStdin: true }));
    await agent.request('process/closeStdin', { processId: 'ended' });
    await agent.outputOf('ended');
    const window = await ControlWindow.open(server);
    const refusal = (serial: number): Promise<unknown> =>
      window.client.request('input/takeOver', { serial }).catch((error: unknown) => String(error));
    expect({
      mute: await refusal(await window.serialOf('mute')),
      ended: await refusal(await window.serialOf('ended')),
      unknown: await refusal(4711),
      writeToEnded: await window.client.request('input/write', {
        serial: await window.serialOf('ended'),
        dataBase64: '',
      }),
    }).toEqual({
      mute: 'RpcError: this process was started without an input; there is nothing to type into',
      ended: 'RpcError: this process has ended',
      unknown: 'RpcError: the output of this process is no longer kept',
      writeToEnded: { status: 'ended' },
    });
  });

  it('does not hold up other requests while the program does not read', async () => {
    const server = await startControlled({ limits: { maxQueuedStdinBytes: 64 * 1024 } });
    const agent = await WireClient.open(server.url);
    await agent.request(
      'process/start',
      startParams('deaf', 'echo ready; while :; do sleep 1; done', { pipeStdin: true }),
    );
    const window = await ControlWindow.open(server);
    const serial = await window.serialOf('deaf');
    await window.client.request('input/takeOver', { serial });
    const order: string[] = [];
    const stuck = window.client
      .request('input/write', {
        serial,
        dataBase64: Buffer.alloc(1024 * 1024).toString('base64'),
      })
      .then(() => order.push('write'));
    const answer = await window.client.request('process/terminate', { serial });
    order.push('terminate');
    await stuck;
    expect({ answer, order }).toEqual({ answer: { running: true }, order: ['terminate', 'write'] });
  });
});

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
    const pids = printedPids(textOf(agent, 'p'), 'child');
    const answer = await window.client.request('process/terminate', { serial });
    await window.until(() => window.process('p')?.state === 'closed', 'the process is closed');
    expect({
      answer,
      alive: pids.filter(isAlive),
      exitCode: window.process('p')?.exitCode,
    }).toEqual({ answer: { running: false }, alive: [], exitCode: 4 });
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
    await window.client.request('mode/set', { mode: 'disabled', runningProcesses: 'keep' });
    const refusals = await Promise.all(calls.map(([method, params]) => agent.call(method, params)));
    const off = await agent.request('environment/info');
    await window.until(() => window.mode === 'disabled', 'the window knows');
    const kept = window.process('p')?.state;
    await window.client.request('mode/set', { mode: 'local', runningProcesses: 'keep' });
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
            /^(exec|filesystem|the environment) is disabled: the user switched Exec Server off in VS Code$/,
          ),
        },
      ]),
      off: {},
      kept: 'running',
      again: { result: { status: 'accepted' } },
    });
  });

  it('listens while it is switched off, and says so in its answer to initialize', async () => {
    const server = await startControlled({ mode: 'disabled' });
    const agent = await WireClient.connect(server.url);
    const answer = await agent.request('initialize', { clientName: 'a', resumeSessionId: null });
    agent.notify('initialized', {});
    const start = await agent.call('process/start', startParams('p', 'true'));
    expect({
      capabilities: (answer as { environmentInfo: { capabilities: unknown } }).environmentInfo
        .capabilities,
      start,
    }).toEqual({
      capabilities: {},
      start: {
        error: {
          code: -32012,
          message: 'exec is disabled: the user switched Exec Server off in VS Code',
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
    await window.client.request('mode/set', { mode: 'disabled', runningProcesses: 'terminate' });
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
    await window.client.request('mode/set', { mode: 'disabled', runningProcesses: 'terminate' });
    await Promise.all(started);
    const [session] = server.executor.server.sessions.all;
    await until(() => session?.openProcessCount === 0, 'nothing runs');
    expect(session?.openProcessCount).toBe(0);
  });
});

describe('control channel: hostile requests', () => {
  it.each<[string, unknown, number]>([
    ['control/unknown', {}, -32601],
    ['process/start', {}, -32601],
    ['__proto__', {}, -32601],
    ['control/initialize', {}, -32602],
    ['control/initialize', { clientName: 7 }, -32602],
    ['settings/update', { workspaceFolders: [] }, -32602],
    ['mode/set', { mode: 'remote', runningProcesses: 'keep' }, -32602],
    ['mode/set', { mode: 'disabled' }, -32602],
    ['session/end', { sessionId: null }, -32602],
    ['view/open', { serial: -1, viewId: 1 }, -32602],
    ['view/open', { serial: 1.5, viewId: 1 }, -32602],
    ['view/open', { serial: 4711, viewId: 1 }, -32600],
    ['input/write', { serial: 4711, dataBase64: '' }, -32600],
    ['process/resize', { serial: 1, rows: 0, cols: 80 }, -32602],
    ['process/resize', { serial: 1, rows: 24, cols: 65_536 }, -32602],
    ['process/signal', { serial: 1, signal: 'SIGKILL' }, -32602],
    ['process/terminate', [], -32602],
    ['process/terminate', null, -32602],
    ['executor/shutDown', { reason: 1 }, -32602],
  ])('refuses %s with %j', async (method, params, code) => {
    const server = await startControlled();
    const owner = await WireClient.connect(`ws://127.0.0.1:${server.port}/control`, {
      headers: { authorization: `Bearer ${server.ownerToken}` },
    });
    const reply = await owner.call(method, params);
    await owner.close();
    expect({
      code: 'error' in reply ? reply.error.code : reply,
      mode: server.control.snapshot().mode,
      shutDowns: server.shutDowns,
    }).toEqual({ code, mode: 'local', shutDowns: [] });
  });

  it('refuses input that is no base64', async () => {
    const server = await startControlled();
    const agent = await WireClient.open(server.url);
    await agent.request('process/start', startParams('cat', ['/bin/cat'], { pipeStdin: true }));
    const { client, ...window } = await ControlWindow.open(server);
    const [serial = 0] = window.processes.keys();
    await client.request('input/takeOver', { serial });
    await expect(
      client.request('input/write', { serial, dataBase64: '***' }),
    ).rejects.toMatchObject({ code: -32602 });
  });

  it.each([
    ['no JSON', 'hello'],
    ['an unknown notification', '{"method":"view/unknown","params":{}}'],
    ['a reply to no request', '{"id":1,"result":{}}'],
  ])('hangs up on %s', async (_what, text) => {
    const server = await startControlled();
    const owner = await WireClient.connect(`ws://127.0.0.1:${server.port}/control`, {
      headers: { authorization: `Bearer ${server.ownerToken}` },
    });
    owner.sendRaw(text);
    expect((await owner.closed).code).toBe(1002);
  });

  it('ignores acknowledgements that make no sense', async () => {
    const server = await startControlled();
    const window = await ControlWindow.open(server);
    window.client.acknowledge(4711, 1);
    window.client.acknowledge(1, -1);
    window.client.acknowledge(1, Number.NaN);
    await expect(window.client.request('view/close', { viewId: 1 })).resolves.toEqual({});
  });

  it('tells nothing to an owner that has not introduced itself', async () => {
    const server = await startControlled();
    const owner = await WireClient.connect(`ws://127.0.0.1:${server.port}/control`, {
      headers: { authorization: `Bearer ${server.ownerToken}` },
    });
    await owner.request('mode/set', { mode: 'disabled', runningProcesses: 'keep' });
    const methods: readonly ControlMethod[] = ['view/close'];
    for (const method of methods) await owner.request(method, { viewId: 1 });
    const told = owner.received.filter((message) => 'method' in message);
    await owner.close();
    expect(told).toEqual([]);
  });
});
