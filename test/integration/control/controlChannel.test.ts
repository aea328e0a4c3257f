import { describe, expect, it } from 'vitest';
import { base64, untilText } from '../../support/processCalls';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import type { AddressInfo } from 'node:net';
import { nullLogger } from '../../../src/base/logger';
import { connectControl } from '../../../src/control/connectControl';
import type { ControlClient, ControlMethod } from '../../../src/control/controlClient';
import { ControlWindow, instance, startControlled } from '../../support/controlHarness';
import { printedPids } from '../../support/processFixtures';
import { WireClient, startParams } from '../../support/wireClient';

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
      environment: {
        mode: 'local',
        health: 'ready',
        capabilities: { exec: true, filesystem: true },
      },
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
    client.onDidChange(({ environment }) => told.push(environment?.mode));
    await new Promise<void>((resolve) => {
      client.onDidClose(() => {
        told.push('closed');
        resolve();
      });
    });
    await close();
    expect({ mode: client.snapshot.environment.mode, told, asked: snapshot }).toEqual({
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
      const environment = {
        mode: 'local',
        health: 'ready',
        capabilities: { exec: true, filesystem: true },
      };
      const result = { executor: instance, listener, environment, sessions: [], processes: [] };
      socket.send(JSON.stringify({ id, result }));
      socket.send(
        JSON.stringify({
          method: 'control/changed',
          params: {
            environment: {
              mode: 'disabled',
              health: 'ready',
              capabilities: { exec: false, filesystem: false },
            },
          },
        }),
      );
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

describe('control channel: hostile requests', () => {
  it.each<[string, unknown, number]>([
    ['control/unknown', {}, -32601],
    ['process/start', {}, -32601],
    ['__proto__', {}, -32601],
    ['control/initialize', {}, -32602],
    ['control/initialize', { clientName: 7 }, -32602],
    ['settings/update', { workspaceFolders: [] }, -32602],
    ['environment/set', { choice: { mode: 'remote' }, runningProcesses: 'keep' }, -32602],
    ['environment/set', { choice: { mode: 'disabled' } }, -32602],
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
      mode: server.control.snapshot().environment.mode,
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
    const witness = await ControlWindow.open(server);
    await owner.request('environment/set', {
      choice: { mode: 'disabled' },
      runningProcesses: 'keep',
    });
    const agent = await WireClient.open(server.url);
    await witness.until(
      () => witness.environment.mode === 'disabled' && witness.sessions.has(agent.sessionId),
      'others are told, also what is gathered first',
    );
    const methods: readonly ControlMethod[] = ['view/close'];
    for (const method of methods) await owner.request(method, { viewId: 1 });
    const told = owner.received.filter((message) => 'method' in message);
    await owner.close();
    expect(told).toEqual([]);
  });
});
