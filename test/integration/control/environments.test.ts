import { describe, expect, it } from 'vitest';
import type { ProcessView } from '../../../src/control/messages';
import type { EnvironmentChoice } from '../../../src/environment/environmentChoice';
import { ControlWindow, startControlled } from '../../support/controlHarness';
import type { ControlledExecutor } from '../../support/controlHarness';
import type { ServerUnderTest } from '../../support/execServerHarness';
import { startServer } from '../../support/execServerHarness';
import { base64, printed, textOf, untilText } from '../../support/processCalls';
import { isAlive, printedPids, until } from '../../support/processFixtures';
import { WireClient, startParams } from '../../support/wireClient';
import { executorSettings } from '../../support/executorSettings';

const LOCAL: EnvironmentChoice = { mode: 'local' };
const DISABLED: EnvironmentChoice = { mode: 'disabled' };
const FOREVER = 'echo "pid $$"; exec sleep 1000';

const remoteAt = (server: ServerUnderTest, name = 'box'): EnvironmentChoice => ({
  mode: 'remote',
  remote: { name, endpoint: { url: `ws://127.0.0.1:${server.port}/`, token: server.token } },
});

interface Setting {
  readonly remote: ServerUnderTest;
  readonly server: ControlledExecutor;
  readonly window: ControlWindow;
  readonly agent: WireClient & { readonly sessionId: string };
}

/** An executor in remote mode, a window that watches it and an agent at work. */
async function inRemoteMode(): Promise<Setting> {
  const remote = await startServer();
  const server = await startControlled({ environment: remoteAt(remote) });
  const window = await ControlWindow.open(server);
  await window.until(() => window.environment.health === 'ready', 'the remote is reached');
  return { remote, server, window, agent: await WireClient.open(server.url) };
}

function set(
  { window }: Pick<Setting, 'window'>,
  choice: EnvironmentChoice,
  runningProcesses: 'keep' | 'terminate' = 'keep',
): Promise<unknown> {
  return window.client.request('environment/set', { choice, runningProcesses });
}

/** What came after the switch runs here, and goes on. */
const isOverOrHere = ({ remote, state }: ProcessView): boolean =>
  remote === undefined || state === 'closed';

/** Starts a program that ends only when it is made to, and tells its pid. */
async function startForever(agent: WireClient, processId: string, cwd: string): Promise<number> {
  await agent.request('process/start', startParams(processId, FOREVER, { cwd }));
  return printedPids(await untilText(agent, processId, '\n'), 'pid')[0] ?? -1;
}

describe('an executor in remote mode', () => {
  it('shows where calls go and how that stands, and serves them there', async () => {
    const { remote, server, window, agent } = await inRemoteMode();
    const { workspace } = remote;
    await agent.request(
      'process/start',
      startParams('p', 'pwd; cat >&2', { cwd: workspace, pipeStdin: true }),
    );
    await printed(agent, 'p', workspace);
    await agent.request('process/write', { processId: 'p', chunk: base64('typed') });
    await printed(agent, 'p', 'typed');
    await window.serialOf('p');
    const { pid, remote: name, cwd, state } = window.process('p') ?? {};
    await agent.request('process/closeStdin', { processId: 'p' });
    await window.until(() => window.process('p')?.state === 'closed', 'it is closed');
    expect({
      environment: server.control.snapshot().environment,
      shown: window.environment,
      process: { pid, name, cwd, state, exitCode: window.process('p')?.exitCode },
      info: await agent.request('environment/info'),
    }).toMatchObject({
      environment: {
        mode: 'remote',
        remote: { name: 'box', address: `ws://127.0.0.1:${remote.port}/` },
        health: 'ready',
        capabilities: { exec: true, filesystem: true },
        cwd: workspace,
      },
      shown: { health: 'ready', cwd: workspace },
      process: { pid: undefined, name: 'box', cwd: workspace, state: 'running', exitCode: 0 },
      info: { cwd: `file://${workspace}` },
    });
  });

  it('keeps what runs where it runs when the user switches away and back', async () => {
    const setting = await inRemoteMode();
    const { remote, window, agent, server } = setting;
    const program = { cwd: remote.workspace, pipeStdin: true };
    await agent.request('process/start', startParams('there', ['/bin/cat'], program));
    await set(setting, LOCAL);
    const pid = await startForever(agent, 'here', server.workspace);
    await set(setting, DISABLED);
    await set(setting, remoteAt(remote));
    await agent.request('process/write', { processId: 'there', chunk: base64('still') });
    await printed(agent, 'there', 'still');
    await agent.request('process/closeStdin', { processId: 'there' });
    await window.until(() => window.process('there')?.state === 'closed', 'the first has ended');
    // The session of the first reader there, that of the second and that of files, until they are let go.
    await until(() => remote.executor.server.connectionCount === 1, 'what was left is let go');
    expect({
      there: window.process('there'),
      here: window.process('here'),
      alive: isAlive(pid),
      output: textOf(agent, 'there'),
    }).toMatchObject({
      there: { remote: 'box', state: 'closed', exitCode: 0 },
      here: { pid, state: 'running' },
      alive: true,
      output: 'still',
    });
  });

  it('ends what runs at the place that is left, and nothing elsewhere, when the user wants that', async () => {
    const setting = await inRemoteMode();
    const { remote, window, agent, server } = setting;
    const there = await startForever(agent, 'there', remote.workspace);
    await set(setting, LOCAL);
    const here = await startForever(agent, 'here', server.workspace);
    await set(setting, remoteAt(remote), 'terminate');
    const first = [isAlive(here), isAlive(there)];
    const further = await startForever(agent, 'further', remote.workspace);
    await set(setting, LOCAL, 'terminate');
    await until(() => !isAlive(there) && !isAlive(further), 'both at the remote have ended');
    await until(() => remote.executor.server.connectionCount === 0, 'the remote is let go');
    const all = ['here', 'there', 'further'];
    await window.until(
      () => all.every((id) => window.process(id)?.state === 'closed'),
      'the window knows of their ends',
    );
    expect({
      first,
      ends: all.map((id) => window.process(id)?.endedBy),
    }).toEqual({ first: [false, true], ends: ['user', 'user', 'user'] });
  });

  it('leaves nothing running that was being started at the place that is left', async () => {
    const setting = await inRemoteMode();
    const { remote, agent, window } = setting;
    const openThere = (): number =>
      [...remote.executor.server.sessions.all].reduce(
        (sum, each) => sum + each.openProcessCount,
        0,
      );
    const started = Array.from({ length: 20 }, (_, index) =>
      agent.call('process/start', startParams(`p${index}`, FOREVER, { cwd: remote.workspace })),
    );
    await until(() => openThere() > 0, 'starts are under way');
    await set(setting, LOCAL, 'terminate');
    await Promise.all(started);
    await until(() => openThere() === 0, 'nothing runs there');
    await until(() => remote.executor.server.connectionCount === 0, 'the remote is let go');
    await window.until(
      () => [...window.processes.values()].every(isOverOrHere),
      'the window knows of their ends',
    );
  });

  it('takes capabilities away at once and gives them back, wherever calls go', async () => {
    const setting = await inRemoteMode();
    const { remote, window, agent, server } = setting;
    const probe = async (): Promise<unknown[]> => {
      const { workspace } = window.environment.mode === 'local' ? server : remote;
      const calls = [
        await agent.call(
          'process/start',
          startParams(`p${Math.random()}`, 'true', { cwd: workspace }),
        ),
        await agent.call('fs/getMetadata', { path: workspace }),
      ];
      return calls.map((reply) => ('error' in reply ? reply.error.code : 'served'));
    };
    const update = async (execEnabled: boolean, filesystemEnabled: boolean): Promise<void> => {
      const capabilities = { execEnabled, filesystemEnabled };
      await window.client.request(
        'settings/update',
        executorSettings([server.workspace], capabilities),
      );
    };
    const seen: unknown[] = [];
    for (const choice of [remoteAt(remote), LOCAL, DISABLED]) {
      await set(setting, choice);
      for (const [exec, filesystem] of [
        [true, true],
        [false, true],
        [true, false],
        [false, false],
      ] as const) {
        await update(exec, filesystem);
        await window.until(
          () => window.environment.mode === choice.mode,
          'the window knows the environment',
        );
        seen.push([...(await probe()), window.environment.capabilities]);
      }
    }
    const on = (exec: boolean, filesystem: boolean): unknown[] => [
      exec ? 'served' : -32012,
      filesystem ? 'served' : -32012,
      { exec, filesystem },
    ];
    const each = [on(true, true), on(false, true), on(true, false), on(false, false)];
    const off = on(false, false);
    expect(seen).toEqual([...each, ...each, off, off, off, off]);
  });

  it('refuses itself as the remote, however it is spelled, and stays where it is', async () => {
    const server = await startControlled();
    const window = await ControlWindow.open(server);
    const refusals: unknown[] = [];
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0.0.0.0']) {
      const endpoint = { url: `ws://${host}:${server.port}/?token=${server.token}` };
      refusals.push(
        await set({ window }, { mode: 'remote', remote: { name: 'box', endpoint } }).catch(
          (error: unknown) => error,
        ),
      );
    }
    const refusal = {
      code: -32600,
      message:
        'the remote box has the address of this exec-server itself; choose another address, or the local environment',
    };
    expect({ refusals, mode: server.control.snapshot().environment.mode }).toMatchObject({
      refusals: [refusal, refusal, refusal, refusal],
      mode: 'local',
    });
  });

  it('shows a remote that it is itself from the start as one that cannot be reached', async () => {
    const relayed = await startControlled();
    const { port } = relayed;
    await relayed.executor.close();
    const endpoint = { url: `ws://127.0.0.1:${port}/` };
    const server = await startControlled({
      environment: { mode: 'remote', remote: { name: 'box', endpoint } },
      port,
    });
    const window = await ControlWindow.open(server);
    await window.client.request('environment/reconnect', {});
    await window.until(() => window.environment.health === 'unreachable', 'it is not reached');
    expect([window.environment.reason, server.executor.server.connectionCount]).toEqual([
      'the remote box has the address of this exec-server itself; choose another address, or the local environment',
      0,
    ]);
  });

  it('tells no token of a remote, in no view, line or error', async () => {
    const token = 'canary-'.repeat(6);
    const server = await startControlled({
      environment: {
        mode: 'remote',
        remote: { name: 'box', endpoint: { url: `ws://127.0.0.1:1/?token=${token}`, token } },
      },
    });
    const window = await ControlWindow.open(server);
    const agent = await WireClient.open(server.url);
    const told = [
      await window.client.request('environment/reconnect', {}),
      await agent.call('fs/getMetadata', { path: '/' }),
      await agent.call('environment/info', {}),
      server.control.snapshot().environment,
      window.changes,
      window.log,
    ];
    const text = JSON.stringify(told);
    expect({ holds: text.includes('canary'), reached: text.includes('"ready"') }).toEqual({
      holds: false,
      reached: false,
    });
    expect(told[0]).toMatchObject({
      remote: { address: 'ws://127.0.0.1:1/' },
      health: 'unreachable',
      reason: expect.stringContaining('127.0.0.1:1'),
    });
  });
});
