import { describe, expect, it, onTestFinished } from 'vitest';
import { Deferred } from '../../../../src/base/deferred';
import { defaultLimits } from '../../../../src/base/limits';
import { nullLogger } from '../../../../src/base/logger';
import type { ConnectExecServerOptions } from '../../../../src/client/connectExecServer';
import { RemoteEnvironment } from '../../../../src/environment/remote/remoteEnvironment';
import { FakeClock, settled } from '../../../support/fakeClock';
import { FakeExecServerClient } from '../../../support/fakeExecServerClient';

const target = { name: 'builder', endpoint: { url: 'ws://127.0.0.1:1' } };
const cmd = { name: 'cmd', path: 'C:\\Windows\\System32\\cmd.exe' } as const;

function openEnvironment(
  connect: (options: ConnectExecServerOptions) => Promise<FakeExecServerClient>,
) {
  const clock = new FakeClock();
  const environment = new RemoteEnvironment({
    target,
    clientName: 'test',
    limits: defaultLimits,
    clock,
    logger: nullLogger,
    connect,
  });
  onTestFinished(() => {
    environment.dispose();
  });
  return { environment, clock };
}

describe('a remote environment', () => {
  it('tells what its remote tells, and that it changed', async () => {
    const client = new FakeExecServerClient();
    client.environmentInfo = { shell: cmd, cwd: 'file:///C:/work', platformOs: 'windows' };
    const { environment } = openEnvironment(() => Promise.resolve(client));
    const before = [environment.cwd, environment.pathStyle, environment.capabilities];
    let changes = 0;
    environment.onDidChangeInfo(() => (changes += 1));
    const { cwd } = await environment.info();
    client.changeEnvironment({ ...client.environmentInfo, capabilities: { exec: false } });
    expect({
      before,
      cwd: [cwd, environment.cwd],
      style: environment.pathStyle,
      capabilities: environment.capabilities,
      health: environment.health,
      changes,
    }).toEqual({
      before: [undefined, 'posix', { exec: true, filesystem: true }],
      cwd: ['C:\\work', 'C:\\work'],
      style: 'windows',
      capabilities: { exec: false, filesystem: true },
      health: { kind: 'ready' },
      changes: 2,
    });
  });

  it('does not let anybody wait for ever for what it is', async () => {
    const never = new Deferred<FakeExecServerClient>();
    const { environment, clock } = openEnvironment(() => never.promise);
    const late = expect(environment.info()).rejects.toMatchObject({
      code: -32015,
      message: 'the remote environment builder cannot be reached: it has not answered yet',
    });
    await clock.advanceSettled(defaultLimits.environmentInfoMs);
    await late;
    expect(clock.pendingTimers).toBe(0);
  });

  it('has sessions of its own for files, for every reader and for HTTP', async () => {
    const clients: FakeExecServerClient[] = [];
    const { environment } = openEnvironment(() => {
      const client = new FakeExecServerClient();
      client.answers.set('process/start', () => Promise.reject(new Error('not now')));
      client.answers.set('http/request', () => ({ status: 200, headers: [], body: [] }));
      clients.push(client);
      return Promise.resolve(client);
    });
    await environment.fileSystem.readDirectory('/');
    const run = (readerId: string) =>
      environment.processes
        .start({ argv: ['true'], cwd: '/', env: {}, pipeStdin: false, readerId })
        .catch(() => undefined);
    await run('one');
    await run('other');
    await run('one');
    const request = { method: 'GET', url: 'http://h/', headers: [], body: undefined };
    const rest = { redirectPolicy: 'follow', timeoutMs: undefined } as const;
    await environment.http.request({ ...request, ...rest }, new AbortController().signal);
    await settled();
    expect(clients.map(({ calls }) => calls.map(({ method }) => method))).toEqual([
      ['fs/readDirectory'],
      ['process/start', 'process/start'],
      ['process/start'],
      ['http/request'],
    ]);
  });

  it('asks a remote that is not reached no more often because several need it', async () => {
    let attempts = 0;
    const { environment } = openEnvironment(() => {
      attempts += 1;
      return Promise.reject(new Error('nobody is there'));
    });
    await settled();
    const outcomes = await Promise.allSettled([
      environment.fileSystem.readDirectory('/'),
      environment.processes.start({ argv: ['true'], cwd: '/', env: {}, pipeStdin: false }),
      environment.info(),
    ]);
    expect([outcomes.map(({ status }) => status), attempts]).toEqual([
      ['rejected', 'rejected', 'rejected'],
      2,
    ]);
  });
});
