import { describe, expect, it } from 'vitest';
import { ExecServerError } from '../../../src/base/errors';
import { connectExecServer } from '../../../src/client/connectExecServer';
import type { ExecServerClient } from '../../../src/client/execServerClient';
import { FakeClock, settled } from '../../support/fakeClock';
import { ScriptedServer } from '../../support/scriptedServer';

interface Subject {
  readonly server: ScriptedServer;
  readonly client: ExecServerClient;
  readonly clock: FakeClock;
}

async function open(prepare: (server: ScriptedServer) => void = () => undefined): Promise<Subject> {
  const server = new ScriptedServer();
  prepare(server);
  const clock = new FakeClock();
  const client = await connectExecServer({
    endpoint: { url: 'ws://scripted' },
    clientName: 'test',
    clock,
    connect: server.connect,
    jitter: () => 1,
  });
  return { server, client, clock };
}

const startParams = {
  processId: 'p',
  argv: ['x'],
  cwd: 'file:///',
  env: {},
  tty: false,
};

async function openProcess(subject: Subject): ReturnType<ExecServerClient['startProcess']> {
  subject.server.answers.set('process/start', ({ processId }) => ({ processId }));
  const process = await subject.client.startProcess(startParams);
  await settled();
  subject.server.requests.length = 0;
  return process;
}

const outcome = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value: unknown) => value,
    (error: unknown) => (error instanceof Error ? error.message : error),
  );

const lostOutcome = (method: string): string =>
  `Failed to learn the outcome of ${method}: the connection was lost; it may have taken effect`;

/** What connecting fails with when a server answers the handshake as a test says. */
async function refusedBeginning(
  prepare: (server: ScriptedServer) => void,
  meanwhile: (clock: FakeClock, server: ScriptedServer) => Promise<void> = settled,
): Promise<unknown> {
  const server = new ScriptedServer();
  prepare(server);
  const clock = new FakeClock();
  const connecting = connectExecServer({
    endpoint: { url: 'ws://scripted' },
    clientName: 'test',
    clock,
    connect: server.connect,
  }).then(
    () => 'a session',
    (error: unknown) => error,
  );
  await settled();
  await meanwhile(clock, server);
  const [connection] = server.connections;
  return {
    error: await connecting,
    isCut: connection?.isOpen === false,
    timers: clock.pendingTimers,
  };
}

describe('the beginning of a session', () => {
  it('tells that the server did not answer, and not that the connection was cut for it', async () => {
    const outcome = await refusedBeginning(
      (server) => server.answers.delete('initialize'),
      (clock) => clock.advanceSettled(10_000),
    );
    expect(outcome).toMatchObject({
      error: {
        code: 'handshakeFailed',
        message: 'Failed to begin a session: the server did not answer within 10000 ms',
      },
      isCut: true,
      timers: 0,
    });
  });

  it('does not wait for ever for what the server is', async () => {
    const outcome = await refusedBeginning(
      (server) => server.answers.set('initialize', () => ({ sessionId: 's' })),
      (clock) => clock.advanceSettled(10_000),
    );
    expect(outcome).toMatchObject({
      error: {
        code: 'handshakeFailed',
        message: 'Failed to begin a session: the server did not tell about itself within 10000 ms',
      },
      isCut: true,
      timers: 0,
    });
  });

  it('fails when the connection ends together with the answer', async () => {
    const outcome = await refusedBeginning((server) => {
      server.endsBehindAnswers = true;
    });
    expect(outcome).toMatchObject({
      error: {
        code: 'connectionClosed',
        message: 'Failed to begin a session: the connection was lost as soon as it had begun',
      },
      isCut: true,
      timers: 0,
    });
  });
});

describe('a session', () => {
  it('answers requests of the server that it does not know, and ignores its notifications', async () => {
    const { server, client } = await open();
    server.send({ id: 7, method: 'network/policyRequest', params: {} });
    server.notify('network/policyDecision', {});
    const [connection] = server.connections;
    server.answers.set('environment/status', () => ({ status: 'ready' }));
    const status = await client.request('environment/status', null);
    expect({ status, state: client.state.kind, refused: connection?.otherSent.at(-2) }).toEqual({
      status: { status: 'ready' },
      state: 'connected',
      refused: {
        id: 7,
        error: { code: -32601, message: 'exec-server does not implement `network/policyRequest`' },
      },
    });
  });

  it('begins with what the server tells of its environment, asked for it or not', async () => {
    const shell = { name: 'zsh', path: '/bin/zsh' };
    const told = await open((server) =>
      server.answers.set('initialize', () => ({ sessionId: 'a', environmentInfo: { shell } })),
    );
    const asked = await open((server) => {
      server.answers.set('initialize', () => ({ sessionId: 'b' }));
      server.answers.set('environment/info', () => ({ shell }));
    });
    const facts = [told, asked].map(({ client }) => ({
      shell: client.environmentInfo.shell,
      ...client.facts,
    }));
    expect(facts).toEqual([
      { shell, sentEnvironmentInfo: true, repeatsWritesSafely: true, countsEnds: true },
      { shell, sentEnvironmentInfo: false, repeatsWritesSafely: false, countsEnds: false },
    ]);
  });

  it('repeats what can do no harm, in order and before what waited, and refuses the rest', async () => {
    const { server, client, clock } = await open();
    const path = 'file:///f';
    const calls = [
      outcome(client.request('fs/getMetadata', { path })),
      outcome(client.request('fs/writeFile', { path, dataBase64: '' })),
      outcome(client.request('fs/open', { path, handleId: 'r' })),
      outcome(client.request('fs/open', { path, handleId: 'w', mode: 'replace' })),
      outcome(client.request('fs/remove', { path })),
    ];
    server.lose();
    calls.push(outcome(client.request('fs/remove', { path })));
    server.requests.length = 0;
    const metadata = {
      isDirectory: false,
      isFile: true,
      isSymlink: false,
      size: 1,
      createdAtMs: 0,
      modifiedAtMs: 0,
    };
    server.answers.set('fs/getMetadata', () => metadata);
    server.answers.set('fs/open', ({ handleId }) => ({ handleId }));
    server.answers.set('fs/remove', () => ({}));
    await clock.advanceSettled(0);
    expect({ outcomes: await Promise.all(calls), repeated: server.methods }).toEqual({
      outcomes: [
        metadata,
        lostOutcome('fs/writeFile'),
        { handleId: 'r' },
        lostOutcome('fs/open'),
        lostOutcome('fs/remove'),
        {},
      ],
      repeated: ['fs/getMetadata', 'fs/open', 'fs/remove'],
    });
  });

  it('gives up a call that was lost with connection after connection', async () => {
    const { server, client, clock } = await open();
    const call = outcome(client.request('fs/readFile', { path: 'file:///huge' }));
    for (let loss = 0; loss < 9; loss += 1) {
      server.lose();
      await clock.advanceSettled(0);
    }
    expect({ outcome: await call, sent: server.requests.length, state: client.state }).toEqual({
      outcome: lostOutcome('fs/readFile'),
      sent: 9,
      state: { kind: 'connected' },
    });
  });

  it('resumes by its id and tells where it stands', async () => {
    const { server, client, clock } = await open();
    const states: string[] = [];
    client.onDidChangeState((state) =>
      states.push('reason' in state ? `${state.kind}: ${state.reason}` : state.kind),
    );
    const asked: unknown[] = [];
    server.answers.set('initialize', (params) => {
      asked.push(params);
      return { sessionId: 's' };
    });
    server.refusals.push(new ExecServerError('connectionClosed', 'Failed to connect: refused'));
    server.lose();
    await clock.advanceSettled(100);
    expect({ asked, states }).toEqual({
      asked: [{ clientName: 'test', resumeSessionId: 's', binaryOutput: true }],
      states: ['recovering: cable pulled', 'recovering: Failed to connect: refused', 'connected'],
    });
  });

  it('lets its processes catch up before it is connected again', async () => {
    const subject = await open();
    const process = await openProcess(subject);
    const { server, client, clock } = subject;
    const told: string[] = [];
    process.onDidEmit((event) => told.push(event.type));
    server.notify('process/output', { processId: 'p', seq: 1, stream: 'stdout', chunk: 'eA==' });
    server.lose();
    await clock.advanceSettled(0);
    const [read] = server.requests;
    const before = client.state.kind;
    if (read === undefined) throw new Error('Nothing was read');
    const chunks = [{ seq: 2, stream: 'stdout', chunk: 'eA==' }];
    const ends = { nextSeq: 5, exited: true, exitCode: 0, closed: true, failure: null };
    server.answer(read, { chunks, ...ends });
    await settled();
    expect({ read: read.params, before, after: client.state.kind, told }).toEqual({
      read: { processId: 'p', afterSeq: 1, waitMs: 0 },
      before: 'recovering',
      after: 'connected',
      told: ['output', 'output', 'exited', 'closed'],
    });
  });

  it('numbers its writes, sends them without waiting, and repeats them with the same numbers', async () => {
    const subject = await open();
    const process = await openProcess(subject);
    const { server, clock } = subject;
    const writes = ['a', 'b', 'c'].map((text) => process.write(Buffer.from(text)));
    const [first] = server.requests;
    if (first !== undefined) server.answer(first, { status: 'accepted' });
    await settled();
    const before = server.requests.map(({ params }) => params['writeId']);
    server.lose();
    server.requests.length = 0;
    server.answers.set('process/read', () => ({
      chunks: [],
      nextSeq: 1,
      exited: false,
      exitCode: null,
      closed: false,
      failure: null,
    }));
    server.answers.set('process/write', () => ({ status: 'accepted' }));
    await clock.advanceSettled(0);
    const repeated = server.requests
      .filter(({ method }) => method === 'process/write')
      .map(({ params }) => `${String(params['writeId'])} ${String(params['chunk'])}`);
    expect({ before, repeated, statuses: await Promise.all(writes) }).toEqual({
      before: ['1', '2', '3'],
      repeated: ['2 Yg==', '3 Yw=='],
      statuses: ['accepted', 'accepted', 'accepted'],
    });
  });

  it('does not repeat a write to a release that would do it twice', async () => {
    const subject = await open((server) => {
      server.answers.set('initialize', () => ({ sessionId: 's' }));
      server.answers.set('environment/info', () => ({ shell: { name: 'sh', path: '/bin/sh' } }));
    });
    const process = await openProcess(subject);
    const write = outcome(process.write(Buffer.from('a')));
    subject.server.lose();
    expect(await write).toBe(lostOutcome('process/write'));
  });

  it('fails everything with the reason when it ends', async () => {
    const subject = await open();
    const process = await openProcess(subject);
    const { server, client, clock } = subject;
    const call = outcome(client.request('environment/status', null));
    server.refusals.push(new ExecServerError('authenticationFailed', 'the token is refused'));
    server.lose();
    await clock.advanceSettled(0);
    const reason = 'the connection to the exec-server has ended: the token is refused';
    expect({
      state: client.state,
      process: (await process.ended).failure,
      call: await call,
      later: await outcome(client.request('environment/status', null)),
      timers: clock.pendingTimers,
    }).toEqual({
      state: { kind: 'ended', reason: 'the token is refused' },
      process: reason,
      call: `Failed to learn the outcome of environment/status: ${reason}; it may have taken effect`,
      later: `Failed to call environment/status: ${reason}`,
      timers: 0,
    });
  });

  it('tells that its environment has changed and that a missing file may be there', async () => {
    const { server, client } = await open();
    const told: unknown[] = [];
    client.onDidChangeEnvironment((info) => told.push(info));
    client.onDidChangeMissing((change) => told.push(change));
    const info = { shell: { name: 'sh', path: '/bin/sh' }, capabilities: { exec: false } };
    server.notify('environment/changed', info);
    server.notify('fs/missingChanged', { watchId: 3 });
    expect(told).toEqual([info, { watchId: 3 }]);
  });
});

describe('a session whose reader is slow', () => {
  it('does not read until it has caught up, but for the answers to calls', async () => {
    const subject = await open();
    const process = await openProcess(subject);
    const { server, client } = subject;
    const paused = (): readonly boolean[] => server.connections[0]?.otherPauses ?? [];
    const events = process.events()[Symbol.asyncIterator]();
    const chunk = Buffer.alloc(700_000).toString('base64');
    for (const seq of [1, 2]) {
      server.notify('process/output', { processId: 'p', seq, stream: 'stdout', chunk });
    }
    const behind = [...paused()];
    server.answers.set('environment/status', () => ({ status: 'ready' }));
    const status = await client.request('environment/status', null);
    const answered = [...paused()];
    await events.next();
    await events.next();
    expect({ behind, status, answered, caughtUp: paused() }).toEqual({
      behind: [true],
      status: { status: 'ready' },
      answered: [true, false, true],
      caughtUp: [true, false, true, false],
    });
  });

  it('lets whoever uses it pause it', async () => {
    const { server, client } = await open();
    client.setReceivingPaused(true);
    client.setReceivingPaused(true);
    client.setReceivingPaused(false);
    expect(server.connections[0]?.otherPauses).toEqual([true, false]);
  });
});
