import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OwnedReadySchema } from '../../../src/executor/ownedStart';
import type { OwnedReady, OwnedStart } from '../../../src/executor/ownedStart';
import type { StateFile } from '../../../src/executor/stateFile';
import { StateFileSchema } from '../../../src/executor/stateFile';
import { ControlWindow } from '../../support/controlHarness';
import { temporaryFolder } from '../../support/temporaryFolder';
import type { ExecutorProcess, StartOptions } from '../../support/executorProcess';
import { occupyPort, publicFactsOf, useExecutorBundle } from '../../support/executorProcess';
import { isAlive, printedPids, until } from '../../support/processFixtures';
import { WireClient, startParams } from '../../support/wireClient';
import { executorSettings } from '../../support/executorSettings';

const { start } = useExecutorBundle();

const canary = `canary-${'t'.repeat(40)}`;

interface Owned {
  readonly executor: ExecutorProcess;
  readonly ready: OwnedReady;
  readonly state: StateFile;
  readonly folder: string;
}

interface OwnedOptions extends Omit<StartOptions, 'input'> {
  readonly folder?: string;
  readonly document?: Partial<OwnedStart>;
}

function documentFor(folder: string, ownerGraceSeconds = 60): OwnedStart {
  return {
    settings: executorSettings([folder], { ownerGraceSeconds }),
    environment: { mode: 'local' },
    stateFile: join(folder, 'executor.json'),
    token: canary,
  };
}

async function startOwned(options: OwnedOptions = {}): Promise<Owned> {
  const { document = {}, ...startOptions } = options;
  const folder = options.folder ?? (await temporaryFolder());
  const input = JSON.stringify({ ...documentFor(folder), ...document });
  const executor = start(['--owned'], { ...startOptions, input });
  const ready = OwnedReadySchema.parse(JSON.parse(await executor.firstLine()));
  return { executor, ready, state: await stateIn(folder), folder };
}

async function stateIn(folder: string): Promise<StateFile> {
  return StateFileSchema.parse(JSON.parse(await readFile(join(folder, 'executor.json'), 'utf8')));
}

const agentUrl = (port: number, token: string): string => `ws://127.0.0.1:${port}/?token=${token}`;

async function startForever(agent: WireClient, processId: string): Promise<number[]> {
  const program =
    'echo "leader $$"; sleep 1000 & echo "child $!"; while read -r x; do echo "$x"; done';
  await agent.request('process/start', startParams(processId, program, { pipeStdin: true }));
  const text = (): string => Buffer.concat(chunksOf(agent, processId)).toString();
  await agent.next(() => /child \d+\n/.test(text()));
  return [...printedPids(text(), 'leader'), ...printedPids(text(), 'child')];
}

const chunksOf = (agent: WireClient, processId: string): Buffer[] =>
  agent.eventsOf(processId).map(({ params }) => Buffer.from(params.chunk ?? '', 'base64'));

describe('owned executor: start', () => {
  it('answers with one line and leaves a state file only its owner can read', async () => {
    const { executor, ready, state, folder } = await startOwned({ umask: '000' });
    const { mode } = await stat(join(folder, 'executor.json'));
    expect({
      stdout: executor.stdout,
      ready,
      state,
      mode: mode & 0o777,
      entries: await readdir(folder),
      stderr: executor.stderr,
    }).toEqual({
      stdout: `${JSON.stringify(ready)}\n`,
      ready: { pid: executor.pid, port: state.port, portChanged: false },
      state: {
        version: 1,
        instanceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        pid: executor.pid,
        port: ready.port,
        ownerToken: expect.stringMatching(/^[\w-]{43}$/),
        startedAtMs: expect.any(Number),
      },
      mode: 0o600,
      entries: ['executor.json'],
      stderr: '',
    });
  });

  it('keeps the preferred port and the token', async () => {
    const { port, release } = await occupyPort();
    await release();
    const { ready } = await startOwned({ document: { preferredPort: port } });
    const agent = await WireClient.open(agentUrl(port, canary));
    await agent.close();
    expect({ port: ready.port, portChanged: ready.portChanged }).toEqual({
      port,
      portChanged: false,
    });
  });

  it('takes another port and another token when somebody sits on the preferred one', async () => {
    const { port } = await occupyPort();
    const { ready, state } = await startOwned({ document: { preferredPort: port } });
    const window = await ControlWindow.open(state);
    const former = await WireClient.connect(agentUrl(ready.port, canary)).catch(String);
    const agent = await WireClient.open(agentUrl(ready.port, window.listener.token));
    await agent.close();
    expect({
      portChanged: ready.portChanged,
      otherPort: ready.port !== port,
      otherToken: window.listener.token !== canary,
      former,
    }).toEqual({
      portChanged: true,
      otherPort: true,
      otherToken: true,
      former: 'Error: HTTP 401',
    });
  });

  it('makes a token when none is kept, and starts switched off when told to', async () => {
    const folder = await temporaryFolder();
    const document = {
      ...documentFor(folder),
      environment: { mode: 'disabled' },
      token: undefined,
    };
    const executor = start(['--owned'], {
      input: JSON.stringify(document),
    });
    await executor.firstLine();
    const window = await ControlWindow.open(await stateIn(folder));
    expect({ mode: window.environment.mode, token: window.listener.token }).toEqual({
      mode: 'disabled',
      token: expect.stringMatching(/^[\w-]{43}$/),
    });
  });

  it('starts with a remote environment and keeps its token out of everything it writes', async () => {
    const remote = 'remote-canary-'.repeat(3);
    const endpoint = { url: `ws://127.0.0.1:1/?token=${remote}`, token: remote };
    const { executor, state, folder } = await startOwned({
      document: { environment: { mode: 'remote', remote: { name: 'box', endpoint } } },
    });
    const window = await ControlWindow.open(state);
    const view = await window.client.request('environment/reconnect', {});
    await window.until(() => window.log.some(({ line }) => line.includes('box')), 'it is logged');
    const told = [
      executor.stdout,
      executor.stderr,
      publicFactsOf(executor.pid),
      await readFile(join(folder, 'executor.json'), 'utf8'),
      JSON.stringify([window.client.snapshot, window.changes, window.log, view]),
    ];
    expect({ view, holds: told.filter((text) => text.includes('remote-canary')) }).toEqual({
      view: {
        mode: 'remote',
        remote: { name: 'box', address: 'ws://127.0.0.1:1/' },
        health: 'unreachable',
        reason: expect.any(String),
        capabilities: { exec: true, filesystem: true },
      },
      holds: [],
    });
  });

  it('ends what an executor that was killed left running, and nothing that only has its pid', async () => {
    const killed = await startOwned();
    const agent = await WireClient.open(agentUrl(killed.ready.port, canary));
    const window = await ControlWindow.open(killed.state);
    // The leader of the first sees the end of its input and is gone; what it started is not.
    const [gone = 0, left = 0] = await startForever(agent, 'leaderless');
    const [deaf = 0, spared = 0] = await Promise.all(
      ['deaf', 'spared'].map(async (id) => {
        await agent.request('process/start', startParams(id, 'echo "leader $$"; exec sleep 1000'));
        const text = (): string => Buffer.concat(chunksOf(agent, id)).toString();
        await agent.next(() => /leader \d+\n/.test(text()));
        return printedPids(text(), 'leader')[0] ?? 0;
      }),
    );
    onTestFinished(() => {
      for (const pid of [left, deaf, spared].filter(isAlive)) process.kill(pid, 'SIGKILL');
    });
    // As a window tells it, because what counts is when each of them was started.
    const startOf = async (id: string): Promise<number> => {
      await window.serialOf(id);
      return window.process(id)?.startedAtMs ?? 0;
    };
    const starts = { leaderless: await startOf('leaderless'), deaf: await startOf('deaf') };
    const sparedStart = await startOf('spared');
    await killed.executor.stop('SIGKILL');
    await until(() => !isAlive(gone), 'the leader has ended');
    const leftBehind = [
      { pid: gone, startedAtMs: starts.leaderless },
      { pid: deaf, startedAtMs: starts.deaf },
      // Somebody else's program by now, as far as its start time tells.
      { pid: spared, startedAtMs: sparedStart - 3_600_000 },
      { pid: process.pid, startedAtMs: starts.deaf },
    ];
    const next = await startOwned({ folder: killed.folder, document: { leftBehind } });
    const nextWindow = await ControlWindow.open(next.state);
    const isTold = (): boolean =>
      nextWindow.log.some(({ line }) => line.includes('crashed executor left running programs=2'));
    await nextWindow.until(isTold, 'it is through with them');
    expect([left, deaf, spared].map(isAlive)).toEqual([false, false, true]);
  });

  it('replaces the state file of an executor that was killed', async () => {
    const killed = await startOwned();
    await killed.executor.stop('SIGKILL');
    const { folder } = killed;
    const next = await startOwned({ folder });
    expect({
      state: await stateIn(folder),
      other: next.state.instanceId !== killed.state.instanceId,
    }).toEqual({ state: next.state, other: true });
  });

  const document = documentFor('/nowhere/at/all');
  it.each([
    ['nothing', ''],
    ['half a document', JSON.stringify(document).slice(0, -10)],
    ['no JSON', `${canary} ${canary}`],
    ['null', 'null'],
    ['an array', JSON.stringify([canary])],
    ['a short token', JSON.stringify({ ...document, token: 'canary' })],
    ['an unknown mode', JSON.stringify({ ...document, environment: { mode: canary } })],
    [
      'no folder',
      JSON.stringify({ ...document, settings: { ...document.settings, workspaceFolders: [] } }),
    ],
    ['a port that is none', JSON.stringify({ ...document, preferredPort: 70_000 })],
  ])('refuses a start document that is %s without quoting it', async (_what, input) => {
    const executor = start(['--owned'], { input });
    expect({
      ended: await executor.ended,
      stdout: executor.stdout,
      stderr: executor.stderr,
      quoted: executor.stderr.includes('canary'),
    }).toEqual({
      ended: { code: 2, signal: null },
      stdout: '',
      stderr: expect.stringMatching(/^exec-server: Failed to read the start document: [^\n]+\n$/),
      quoted: false,
    });
  });

  it('ends with 1 and the reason when it cannot write its state file', async () => {
    const folder = await temporaryFolder();
    const stateFile = join(folder, 'absent', 'executor.json');
    const input = JSON.stringify({ ...documentFor(folder), stateFile });
    const executor = start(['--owned'], { input });
    expect({
      ended: await executor.ended,
      stdout: executor.stdout,
      stderr: executor.stderr,
    }).toEqual({
      ended: { code: 1, signal: null },
      stdout: '',
      stderr: expect.stringMatching(/^exec-server: ENOENT[^\n]+\n$/),
    });
  });
});

describe('owned executor: the window goes and comes', () => {
  it('shows a second window the same port, token, sessions and running processes', async () => {
    const { state, folder } = await startOwned();
    const first = await ControlWindow.open(state, { clientName: 'before' });
    const agent = await WireClient.open(agentUrl(state.port, canary));
    const [pid] = await startForever(agent, 'p');
    const serial = await first.serialOf('p');
    await first.until(() => first.process('p')?.outputBytes !== 0, 'its output is counted');
    const before = first.client.snapshot;
    first.client.dispose();
    await agent.request('process/write', {
      processId: 'p',
      chunk: Buffer.from('in between\n').toString('base64'),
    });
    await agent.next(() => Buffer.concat(chunksOf(agent, 'p')).includes('in between\n'));
    const second = await ControlWindow.open(await stateIn(folder), { clientName: 'after' });
    const viewId = await second.view(serial);
    await second.until(() => second.bytesOf(viewId).includes('in between\n'), 'it is shown');
    const { snapshot } = second.client;
    await second.until(
      () => second.log.some(({ line }) => line.includes('client=after')),
      'the log',
    );
    expect({
      executor: snapshot.executor,
      port: snapshot.listener.port,
      token: snapshot.listener.token,
      connections: snapshot.listener.connections,
      sessions: snapshot.sessions.map(({ sessionId, state: word }) => [sessionId, word]),
      processes: snapshot.processes.map((view) => [view.serial, view.pid, view.state]),
      bytes: second.bytesOf(viewId).equals(Buffer.concat(chunksOf(agent, 'p'))),
      log: second.log.some(({ line }) => line.includes('client=before')),
    }).toEqual({
      executor: before.executor,
      port: before.listener.port,
      token: canary,
      connections: 1,
      sessions: [[agent.sessionId, 'attached']],
      processes: [[serial, pid, 'running']],
      bytes: true,
      log: true,
    });
  });

  it('ends everything, its state file too, when no window comes back', async () => {
    const { executor, state, folder } = await startOwned();
    const window = await ControlWindow.open(state);
    const { settings } = documentFor(folder, 0.1);
    await window.client.request('settings/update', settings);
    const agent = await WireClient.open(agentUrl(state.port, canary));
    const pids = await startForever(agent, 'p');
    window.client.dispose();
    const ended = await executor.ended;
    await until(() => !pids.some(isAlive), 'the tree is gone');
    expect({
      ended,
      pids: pids.length,
      agent: await agent.closed,
      entries: await readdir(folder),
      stderr: executor.stderr,
    }).toEqual({
      ended: { code: 0, signal: null },
      pids: 2,
      agent: { code: 1001, reason: 'exec-server is shutting down' },
      entries: [],
      stderr: '',
    });
  });

  it('ends when no window ever connects', async () => {
    const folder = await temporaryFolder();
    const executor = start(['--owned'], { input: JSON.stringify(documentFor(folder, 0.1)) });
    expect({ ended: await executor.ended, entries: await readdir(folder) }).toEqual({
      ended: { code: 0, signal: null },
      entries: [],
    });
  });

  it.each(['shutDown', 'SIGTERM'] as const)('ends everything at %s', async (how) => {
    const { executor, state, folder } = await startOwned();
    const window = await ControlWindow.open(state);
    const agent = await WireClient.open(agentUrl(state.port, canary));
    const pids = await startForever(agent, 'p');
    if (how === 'SIGTERM') executor.child.kill(how);
    else await window.client.request('executor/shutDown', { reason: 'stopped by the user' });
    const ended = await executor.ended;
    await until(() => !pids.some(isAlive), 'the tree is gone');
    await window.until(() => window.isClosed, 'the window sees the end');
    expect({ ended, entries: await readdir(folder), stderr: executor.stderr }).toEqual({
      ended: { code: 0, signal: null },
      entries: [],
      stderr: '',
    });
  });

  it('leaves the state file of another executor alone when it ends', async () => {
    const first = await startOwned();
    const second = await startOwned({ folder: first.folder });
    await first.executor.stop('SIGTERM');
    expect(await stateIn(first.folder)).toEqual(second.state);
  });

  it('ends processes also when its state file cannot be removed', async () => {
    const { executor, state, folder } = await startOwned();
    const agent = await WireClient.open(agentUrl(state.port, canary));
    const pids = await startForever(agent, 'p');
    const { mkdir, rm } = await import('node:fs/promises');
    await rm(join(folder, 'executor.json'));
    await mkdir(join(folder, 'executor.json'));
    await executor.stop('SIGTERM');
    await until(() => !pids.some(isAlive), 'the tree is gone');
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('is not hurt when the window closes its pipes', async () => {
    const { executor, state } = await startOwned();
    executor.child.stdout.destroy();
    executor.child.stderr.destroy();
    const window = await ControlWindow.open(state);
    const agent = await WireClient.open(agentUrl(state.port, canary));
    await agent.request('process/start', startParams('p', 'echo hello'));
    const text = (await agent.outputOf('p')).toString();
    await window.client.request('executor/shutDown', {});
    expect({ text, ended: await executor.ended }).toEqual({
      text: 'hello\n',
      ended: { code: 0, signal: null },
    });
  });
});

describe('owned executor: secrets', () => {
  it('keeps its tokens from arguments, environments, children and log', async () => {
    const { executor, state } = await startOwned();
    const window = await ControlWindow.open(state);
    const agent = await WireClient.open(agentUrl(state.port, canary));
    const envPolicy = {
      inherit: 'all',
      ignoreDefaultExcludes: true,
      exclude: [],
      set: {},
      includeOnly: [],
    };
    await agent.request(
      'process/start',
      startParams('p', 'echo "pid $$"; read -r x', { env: {}, envPolicy, pipeStdin: true }),
    );
    await agent.next(() => Buffer.concat(chunksOf(agent, 'p')).includes('\n'));
    const [pid = -1] = printedPids(Buffer.concat(chunksOf(agent, 'p')).toString(), 'pid');
    await WireClient.connect(agentUrl(state.port, `${canary}x`)).catch(() => undefined);
    const places = { executor: publicFactsOf(executor.pid), child: publicFactsOf(pid) };
    await window.client.request('token/rotate', {});
    await window.until(
      () => window.log.some(({ line }) => line.includes('session ended')),
      'the rotation is logged',
    );
    const log = window.log.map(({ line }) => line).join('\n');
    const secrets = [canary, state.ownerToken, window.listener.token];
    expect({
      refusalLogged: log.includes('connection refused'),
      found: Object.entries({ ...places, log, stderr: executor.stderr }).filter(([, text]) =>
        secrets.some((secret) => text.includes(secret)),
      ),
    }).toEqual({ refusalLogged: true, found: [] });
  });
});
