import { describe, expect, it } from 'vitest';
import type { EnvironmentChoice } from '../../../src/environment/environmentChoice';
import { ControlWindow, startControlled } from '../../support/controlHarness';
import type { ControlledExecutor } from '../../support/controlHarness';
import { startServer } from '../../support/execServerHarness';
import { run } from '../../support/processCalls';
import { until } from '../../support/processFixtures';
import { TcpRelay } from '../../support/tcpRelay';
import { WireClient, startParams } from '../../support/wireClient';

const remoteAt = (
  name: string,
  { port, token }: { readonly port: number; readonly token: string },
): EnvironmentChoice => ({
  mode: 'remote',
  remote: { name, endpoint: { url: `ws://127.0.0.1:${port}/`, token } },
});

/** A way to an executor that leads nowhere until it is put back. */
async function pulledRelayTo({ port }: ControlledExecutor): Promise<TcpRelay> {
  const relay = await TcpRelay.start(port, () => ({
    fromClient: () => undefined,
    fromServer: () => undefined,
  }));
  relay.pull();
  return relay;
}

async function chosen(
  server: ControlledExecutor,
  choice: EnvironmentChoice,
): Promise<ControlWindow> {
  const window = await ControlWindow.open(server);
  await window.client.request('environment/set', { choice, runningProcesses: 'keep' });
  return window;
}

describe('executors in a row', () => {
  it('pass on what an agent asks, through as many as there are', async () => {
    const end = await startServer();
    const second = await startControlled({ environment: remoteAt('end', end) });
    const first = await startControlled({ environment: remoteAt('second', second) });
    const window = await ControlWindow.open(first);
    await window.until(() => window.environment.cwd !== undefined, 'the place is known');
    const agent = await WireClient.open(first.url);
    expect({
      cwd: window.environment.cwd,
      ran: await run(agent, 'p', 'pwd; exit 3', { cwd: end.workspace }),
    }).toEqual({
      cwd: end.workspace,
      ran: { output: { stdout: `${end.workspace}\n` }, exitCode: 3 },
    });
  });

  it('never begin to pass calls round in a circle, and say why', async () => {
    const third = await startControlled();
    const second = await startControlled({ environment: remoteAt('third', third) });
    const first = await startControlled({ environment: remoteAt('second', second) });
    const window = await ControlWindow.open(first);
    await window.until(() => window.environment.health === 'ready', 'the first has what it needs');
    const lastWindow = await chosen(third, remoteAt('first', first));
    const reconnected = await lastWindow.client.request('environment/reconnect', {});
    const agent = await WireClient.open(first.url);
    const reason =
      'the remote first passes its calls on to this exec-server, so they would go round without end; choose another environment here or there';
    expect({
      reconnected,
      start: await agent.call('process/start', startParams('p', 'true')),
      connections: [first, second, third].map(({ executor }) => executor.server.connectionCount),
    }).toEqual({
      reconnected: expect.objectContaining({ health: 'unreachable', reason }),
      start: {
        error: {
          code: -32015,
          message: expect.stringMatching(new RegExp(`the remote environment first .*${reason}`)),
        },
      },
      connections: expect.toSatisfy((counts: number[]) => counts.every((count) => count < 5)),
    });
  });

  it('refuse calls in bounded time when all of them begin such a circle at once', async () => {
    const limits = { environmentInfoMs: 200, remoteRetryMs: 50 };
    const servers = [await startControlled({ limits }), await startControlled({ limits })] as const;
    const [first, second] = servers;
    // Whoever reached the other one before that chose too would go on with what was there then.
    const [toFirst, toSecond] = [await pulledRelayTo(first), await pulledRelayTo(second)];
    await chosen(first, remoteAt('second', { ...second, port: toSecond.port }));
    await chosen(second, remoteAt('first', { ...first, port: toFirst.port }));
    toFirst.putBack();
    toSecond.putBack();
    const agent = await WireClient.open(first.url);
    const calls: [string, unknown][] = [
      ['process/start', startParams('p', 'true')],
      ['fs/readFile', { path: '/etc/hostname' }],
      ['environment/info', {}],
    ];
    const answers: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      for (const [method, params] of calls) answers.push(await agent.call(method, params));
    }
    const refusal = {
      error: {
        code: -32015,
        message: expect.toSatisfy((text: string) => text.length < 1000),
      },
    };
    expect(answers).toEqual(answers.map(() => refusal));
    await until(
      () => servers.every(({ executor }) => executor.server.connectionCount < 5),
      'connections are few',
    );
  });
});
