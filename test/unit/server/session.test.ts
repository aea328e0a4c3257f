import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { defaultLimits } from '../../../src/base/limits';
import type { Limits } from '../../../src/base/limits';
import { nullLogger } from '../../../src/base/logger';
import { capabilityDisabled, spawnFailed } from '../../../src/protocol/errorCodes';
import type { FailedStart } from '../../../src/server/sessionProcess';
import type { StartRequest } from '../../../src/environment/processBackend';
import { ClosedProcesses } from '../../../src/server/closedProcesses';
import { Session } from '../../../src/server/session';
import { FakeClock, settled } from '../../support/fakeClock';
import { FakeAttachment, FakeBackend } from '../../support/wireFakes';
import type { FakeProcess } from '../../support/wireFakes';

const request: StartRequest = { argv: ['true'], cwd: '/', env: {}, pipeStdin: true };

interface SessionUnderTest {
  readonly session: Session;
  readonly clock: FakeClock;
  readonly attachment: FakeAttachment;
  readonly backend: FakeBackend;
  readonly start: (processId: string) => Promise<FakeProcess>;
}

function createSession(
  limits: Partial<Limits> = {},
  openProcesses: () => number = () => 0,
): SessionUnderTest {
  const clock = new FakeClock();
  const backend = new FakeBackend();
  const attachment = new FakeAttachment();
  let serial = 0;
  const session = new Session('id', 'tester', {
    clock,
    limits: { ...defaultLimits, ...limits },
    logger: nullLogger,
    nextSerial: () => (serial += 1),
    openProcesses,
    closedProcesses: new ClosedProcesses({ ...defaultLimits, ...limits }, clock),
  });
  session.attach(attachment);
  const start = async (processId: string): Promise<FakeProcess> => {
    await session.start(processId, request, backend);
    const process = backend.started.at(-1);
    if (process === undefined) throw new Error('nothing was started');
    return process;
  };
  return { session, clock, attachment, backend, start };
}

const chunk = (processId: string, seq: number, text: string): unknown => ({
  method: 'process/output',
  params: { processId, seq, stream: 'stdout', chunk: Buffer.from(text).toString('base64') },
});

/** How a promise stands now. */
async function outcomeOf(promise: Promise<unknown>): Promise<unknown> {
  const waiting = Symbol('waiting');
  const asValue = promise.catch((error: unknown) => error);
  await settled();
  const outcome = await Promise.race([asValue, Promise.resolve(waiting)]);
  return outcome === waiting ? 'waiting' : outcome;
}

const refusal = (code: number, message: string): unknown =>
  expect.objectContaining({ code, message });

describe('Session', () => {
  it('answers a repeated write as before while a person has the keyboard', async () => {
    const { session, start } = createSession();
    await start('p');
    const entry = session.process('p');
    const first = await entry.writeAsAgent(Buffer.from('a'), 'w1');
    entry.setInputHolder('user');
    const answers = [
      first,
      await entry.writeAsAgent(Buffer.from('a'), 'w1'),
      await entry.writeAsAgent(Buffer.from('b'), 'w2'),
    ];
    expect(answers).toEqual(['accepted', 'accepted', 'starting']);
  });

  it('notifies its attachment of every event in order', async () => {
    const { attachment, start } = createSession();
    const process = await start('p');
    process.print('a');
    process.exit(3);
    process.close();
    expect(attachment.received).toEqual([
      chunk('p', 1, 'a'),
      {
        method: 'process/exited',
        params: { processId: 'p', seq: 2, exitCode: 3, sandboxDenied: false },
      },
      { method: 'process/closed', params: { processId: 'p', seq: 3 } },
    ]);
  });

  it('notifies nobody while detached, and only of what follows a resume', async () => {
    const { session, attachment, start } = createSession();
    const process = await start('p');
    process.print('1');
    session.detach(attachment);
    process.print('2');
    const next = new FakeAttachment();
    session.attach(next);
    process.print('3');
    expect({ first: attachment.received, second: next.received }).toEqual({
      first: [chunk('p', 1, '1')],
      second: [chunk('p', 3, '3')],
    });
  });

  it('evicts the attachment it is taken from, which can then detach nothing', async () => {
    const { session, attachment, start } = createSession();
    const process = await start('p');
    const next = new FakeAttachment();
    session.attach(next);
    const detached = session.detach(attachment);
    process.print('1');
    expect({ detached, first: attachment.received, second: next.received }).toEqual({
      detached: false,
      first: ['evicted'],
      second: [chunk('p', 1, '1')],
    });
  });

  it('rejects a long poll whose attachment loses the session, with the reason', async () => {
    const { session, attachment, clock, start } = createSession();
    const process = await start('p');
    const wait = { afterSeq: 0, maxBytes: undefined, waitMs: 1000 };
    const takenOver = outcomeOf(Promise.resolve(session.read('p', wait)));
    const next = new FakeAttachment();
    session.attach(next);
    const lost = outcomeOf(Promise.resolve(session.read('p', wait)));
    session.detach(next);
    session.attach(attachment);
    const ended = outcomeOf(Promise.resolve(session.read('p', wait)));
    const ending = session.end('user', 0);
    process.print('too late');
    await ending;
    expect({
      reads: [await takenOver, await lost, await ended],
      timers: clock.pendingTimers,
      followed: process.hasListeners,
    }).toEqual({
      reads: [
        refusal(-32600, 'read cancelled: the session was resumed by another connection'),
        refusal(-32600, 'read cancelled: the connection was lost'),
        refusal(-32600, 'read cancelled: the session has ended'),
      ],
      timers: 0,
      followed: false,
    });
  });

  it('pauses its processes while the attachment is congested, also those started meanwhile', async () => {
    const { attachment, start } = createSession();
    const first = await start('first');
    attachment.setCongested(true);
    const second = await start('second');
    attachment.setCongested(false);
    expect([first.calls, second.calls]).toEqual([
      ['pause', 'resume'],
      ['pause', 'resume'],
    ]);
  });

  it('lets its processes run on when a congested attachment is lost, and heeds only the present one', async () => {
    const { session, attachment, start } = createSession();
    const process = await start('p');
    attachment.setCongested(true);
    session.detach(attachment);
    const next = new FakeAttachment();
    next.setCongested(true);
    session.attach(next);
    attachment.setCongested(false);
    next.setCongested(false);
    expect(process.calls).toEqual(['pause', 'resume', 'pause', 'resume']);
  });

  it('keeps an id taken until the retention after the close is over', async () => {
    const { session, clock, start } = createSession({ closedProcessRetentionMs: 100 });
    const process = await start('p');
    process.exit(0);
    clock.advance(1000);
    process.close();
    clock.advance(99);
    const taken = await outcomeOf(start('p'));
    const known = session.findProcess('p') !== undefined;
    clock.advance(1);
    expect({ taken, known, after: session.findProcess('p'), timers: clock.pendingTimers }).toEqual({
      taken: refusal(-32600, 'process p already exists'),
      known: true,
      after: undefined,
      timers: 0,
    });
    await start('p');
  });

  it('answers that a process is starting, and refuses its id, while it is', async () => {
    const { session, backend, start } = createSession();
    backend.startGate = new Deferred<void>();
    const first = start('p');
    const second = await outcomeOf(start('p'));
    const found = session.findProcess('p');
    const read = await outcomeOf(
      Promise.resolve().then(() =>
        session.read('p', { afterSeq: 0, maxBytes: undefined, waitMs: 0 }),
      ),
    );
    backend.startGate.resolve();
    await first;
    expect({ second, found, read }).toEqual({
      second: refusal(-32600, 'process p already exists'),
      found: 'starting',
      read: refusal(-32600, 'process id p is starting'),
    });
  });

  it('frees the id of a start that failed', async () => {
    const { session, start } = createSession();
    const failing = { start: () => Promise.reject(new Error('no such program')) };
    await expect(session.start('p', request, failing)).rejects.toThrow('no such program');
    expect(session.openProcessCount).toBe(0);
    await start('p');
  });

  it('kills a process whose start outlived the session', async () => {
    const { session, backend, start } = createSession();
    backend.startGate = new Deferred<void>();
    const starting = outcomeOf(start('p'));
    await session.end('user', 0);
    backend.startGate.resolve();
    await settled();
    expect({
      calls: backend.started.map(({ calls }) => calls),
      known: [...session.processes],
    }).toEqual({
      calls: [['terminate']],
      known: [],
    });
    await starting;
  });

  it('bounds its open processes, counting those that start and not those that closed', async () => {
    const { start } = createSession({ maxProcessesPerSession: 2 });
    const first = await start('1');
    await start('2');
    const third = await outcomeOf(start('3'));
    first.exit(0);
    first.close();
    await start('4');
    expect(third).toEqual(
      refusal(-32013, 'limit reached: at most 2 processes may run in one session'),
    );
  });

  it('bounds the open processes of all sessions', async () => {
    const { start } = createSession({ maxProcesses: 5 }, () => 5);
    expect(await outcomeOf(start('p'))).toEqual(
      refusal(-32013, 'limit reached: at most 5 processes may run at once'),
    );
  });

  it('answers the agent "starting" while a person has the keyboard, and takes input again after', async () => {
    const { session, start } = createSession();
    const process = await start('p');
    const entry = session.process('p');
    entry.setInputHolder('user');
    const meanwhile = [
      await entry.writeAsAgent(Buffer.from('a'), 'w1'),
      await entry.writeAsAgent(Buffer.from('b'), undefined),
      await entry.closeStdinAsAgent(),
    ];
    const untouched = [...process.calls];
    entry.setInputHolder('agent');
    const after = [
      await entry.writeAsAgent(Buffer.from('a'), 'w1'),
      await entry.writeAsAgent(Buffer.from('a'), 'w1'),
    ];
    expect({ meanwhile, untouched, after, calls: process.calls }).toEqual({
      meanwhile: ['starting', 'starting', 'starting'],
      untouched: [],
      after: ['accepted', 'accepted'],
      calls: ['write a'],
    });
  });

  it('gives the keyboard back when the process exits', async () => {
    const { session, start } = createSession();
    const process = await start('p');
    const entry = session.process('p');
    entry.setInputHolder('user');
    process.exit(0);
    expect(entry.inputHolder).toBe('agent');
  });

  it('tells its client why it ended, ends its processes politely and starts none after', async () => {
    const { session, attachment, start, clock } = createSession();
    const process = await start('p');
    await session.end('shutdown', 2000);
    await session.end('user', 0);
    expect({
      received: attachment.received,
      calls: process.calls,
      start: await outcomeOf(start('q')),
      timers: clock.pendingTimers,
    }).toEqual({
      received: ['dismissed: exec-server is shutting down'],
      calls: ['end 2000'],
      start: refusal(-32600, 'unknown session id id'),
      timers: 0,
    });
  });

  it('remembers who ended a process first, and nobody for one that ended by itself', async () => {
    const { session, start } = createSession();
    await start('killed');
    const done = await start('done');
    session.process('killed').terminate('agent');
    done.exit(0);
    const entries = [...session.processes];
    await session.end('user', 0);
    expect(entries.map(({ description, endedBy }) => [description.processId, endedBy])).toEqual([
      ['killed', 'agent'],
      ['done', undefined],
    ]);
  });

  it('tells of a start that failed, with what the agent was told, and numbers it like any other', async () => {
    const { session, backend, clock, start } = createSession();
    const failures: FailedStart[] = [];
    session.onDidFailToStart((failed) => failures.push(failed));
    backend.startGate = new Deferred<void>();
    const starting = outcomeOf(start('p'));
    backend.startGate.reject(spawnFailed('ENOENT'));
    await starting;
    backend.startGate = undefined;
    await start('p');
    const failure = 'No such file or directory (os error 2)';
    const description = {
      sessionId: 'id',
      processId: 'p',
      argv: ['true'],
      cwd: '/',
      tty: false,
      acceptsInput: true,
    };
    expect({
      failures,
      then: session.process('p').description,
      readers: backend.requests.map(({ readerId }) => readerId),
    }).toEqual({
      failures: [{ description: { ...description, serial: 1 }, failure, failedAtMs: clock.now() }],
      then: { ...description, serial: 2 },
      readers: ['id', 'id'],
    });
  });

  it('does not take a refused id for a start that failed', async () => {
    const { session, start } = createSession({ maxProcessesPerSession: 1 });
    const failures: FailedStart[] = [];
    session.onDidFailToStart((failed) => failures.push(failed));
    await start('p');
    await outcomeOf(start('p'));
    await outcomeOf(start('q'));
    expect(failures).toEqual([]);
  });

  it('answers the reads that wait when what they need is taken away, and reads again after', async () => {
    const { session, start } = createSession();
    const process = await start('p');
    const request = { afterSeq: 0, maxBytes: undefined, waitMs: 1000 };
    const waiting = session.read('p', request);
    session.cancelReads(capabilityDisabled('exec'));
    process.print('later');
    expect({
      waiting: await outcomeOf(Promise.resolve(waiting)),
      again: await session.read('p', request),
    }).toMatchObject({
      waiting: { code: -32012, message: 'exec is disabled: the user switched Exec Server off' },
      again: { nextSeq: 2, exited: false },
    });
  });
});
