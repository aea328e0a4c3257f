import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { defaultLimits } from '../../../src/base/limits';
import type { Limits } from '../../../src/base/limits';
import { nullLogger } from '../../../src/base/logger';
import type { StartRequest } from '../../../src/environment/processBackend';
import type { Session } from '../../../src/server/session';
import { SessionRegistry } from '../../../src/server/sessionRegistry';
import { FakeClock, settled } from '../../support/fakeClock';
import { FakeAttachment, FakeBackend } from '../../support/wireFakes';

const ttlMs = 1000;

const request: StartRequest = { argv: ['true'], cwd: '/', env: {}, pipeStdin: true };

interface RegistryUnderTest {
  readonly registry: SessionRegistry;
  readonly clock: FakeClock;
  readonly ended: string[];
  /** A session whose client has gone. */
  readonly detached: () => Session;
}

function createRegistry(limits: Partial<Limits> = {}): RegistryUnderTest {
  const clock = new FakeClock();
  const registry = new SessionRegistry({
    clock,
    limits: { ...defaultLimits, detachedSessionTtlMs: ttlMs, ...limits },
    logger: nullLogger,
  });
  const ended: string[] = [];
  registry.onDidEnd(({ id }) => ended.push(id));
  const detached = (): Session => {
    const attachment = new FakeAttachment();
    const session = registry.create('tester', attachment);
    registry.detach(session, attachment);
    return session;
  };
  return { registry, clock, ended, detached };
}

const unknown = (id: string): unknown =>
  expect.objectContaining({ code: -32600, message: `unknown session id ${id}` });

const elsewhere = (id: string): unknown =>
  expect.objectContaining({
    code: -32010,
    message: `session ${id} is already attached to another connection`,
  });

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'succeeded',
    (error: unknown) => error,
  );

describe('SessionRegistry', () => {
  it('gives every session a random UUID of its own', () => {
    const { registry } = createRegistry();
    const ids = Array.from({ length: 20 }, () => registry.create('t', new FakeAttachment()).id);
    expect({
      distinct: new Set(ids).size,
      shaped: ids.every((id) =>
        /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(id),
      ),
    }).toEqual({ distinct: 20, shaped: true });
  });

  it('gives a detached session to whoever resumes it before the deadline', async () => {
    const { registry, clock, detached, ended } = createRegistry();
    const session = detached();
    clock.advance(ttlMs - 1);
    const attachment = new FakeAttachment();
    const resumed = await registry.resume(session.id, attachment);
    expect({
      same: resumed === session,
      attached: session.currentAttachment === attachment,
      deadline: registry.deadlineOf(session),
      timers: clock.pendingTimers,
      ended,
    }).toEqual({ same: true, attached: true, deadline: undefined, timers: 0, ended: [] });
  });

  it('ends a session at its deadline, with its processes', async () => {
    const { registry, clock, ended } = createRegistry();
    const attachment = new FakeAttachment();
    const session = registry.create('t', attachment);
    const backend = new FakeBackend();
    await session.start('p', request, backend);
    registry.detach(session, attachment);
    clock.advance(ttlMs);
    await settled();
    expect({
      ended,
      left: [...registry.all],
      calls: backend.started[0]?.calls,
      resume: await failureOf(registry.resume(session.id, attachment)),
      timers: clock.pendingTimers,
    }).toEqual({
      ended: [session.id],
      left: [],
      calls: ['resume', `end ${defaultLimits.terminateGraceMs}`],
      resume: unknown(session.id),
      timers: 0,
    });
  });

  it('lets expiry win over a resume at the deadline although the timer has not fired', async () => {
    const { registry, clock, detached, ended } = createRegistry();
    const session = detached();
    clock.jump(ttlMs);
    const resume = await failureOf(registry.resume(session.id, new FakeAttachment()));
    await settled();
    expect({ resume, ended, timers: clock.pendingTimers }).toEqual({
      resume: unknown(session.id),
      ended: [session.id],
      timers: 0,
    });
  });

  it('never ends a resumed session by the timer of an earlier detachment', async () => {
    const { registry, clock, detached, ended } = createRegistry();
    const session = detached();
    clock.advance(ttlMs - 1);
    const attachment = new FakeAttachment();
    await registry.resume(session.id, attachment);
    clock.advance(10 * ttlMs);
    registry.detach(session, attachment);
    const deadline = registry.deadlineOf(session);
    clock.advance(ttlMs - 1);
    const before = [...ended];
    clock.advance(1);
    await settled();
    expect({ deadline, before, ended }).toEqual({
      deadline: clock.now(),
      before: [],
      ended: [session.id],
    });
  });

  it('refuses to take a session from a connection that answers a ping', async () => {
    const { registry } = createRegistry();
    const holder = new FakeAttachment();
    const session = registry.create('t', holder);
    const resume = await failureOf(registry.resume(session.id, new FakeAttachment()));
    expect({ resume, pings: holder.pings, received: holder.received }).toEqual({
      resume: elsewhere(session.id),
      pings: [defaultLimits.takeoverPingMs],
      received: [],
    });
  });

  it('takes a session from a connection that is silent, and evicts that', async () => {
    const { registry } = createRegistry();
    const holder = new FakeAttachment();
    holder.pingAnswer = Promise.resolve(false);
    const session = registry.create('t', holder);
    const attachment = new FakeAttachment();
    await registry.resume(session.id, attachment);
    registry.detach(session, holder);
    expect({
      attached: session.currentAttachment === attachment,
      received: holder.received,
      deadline: registry.deadlineOf(session),
    }).toEqual({ attached: true, received: ['evicted'], deadline: undefined });
  });

  it('gives a session with a silent holder to one of two racing resumes only', async () => {
    const { registry } = createRegistry();
    const holder = new FakeAttachment();
    const silence = new Deferred<boolean>();
    holder.pingAnswer = silence.promise;
    const session = registry.create('t', holder);
    const attachments = [new FakeAttachment(), new FakeAttachment()];
    const outcomes = attachments.map((attachment) =>
      failureOf(registry.resume(session.id, attachment)),
    );
    silence.resolve(false);
    expect({
      outcomes: await Promise.all(outcomes),
      winner: session.currentAttachment === attachments[0],
      evicted: [holder, ...attachments].map(({ received }) => received),
    }).toEqual({
      outcomes: ['succeeded', elsewhere(session.id)],
      winner: true,
      evicted: [['evicted'], [], []],
    });
  });

  it('gives a detached session to the first of two racing resumes only', async () => {
    const { registry, detached } = createRegistry();
    const session = detached();
    const outcomes = [new FakeAttachment(), new FakeAttachment()].map((attachment) =>
      failureOf(registry.resume(session.id, attachment)),
    );
    expect(await Promise.all(outcomes)).toEqual(['succeeded', elsewhere(session.id)]);
  });

  it('resumes a session whose holder went away while it was pinged', async () => {
    const { registry, clock } = createRegistry();
    const holder = new FakeAttachment();
    const answer = new Deferred<boolean>();
    holder.pingAnswer = answer.promise;
    const session = registry.create('t', holder);
    const attachment = new FakeAttachment();
    const resumed = registry.resume(session.id, attachment);
    registry.detach(session, holder);
    answer.resolve(false);
    await resumed;
    expect({
      attached: session.currentAttachment === attachment,
      received: holder.received,
      timers: clock.pendingTimers,
    }).toEqual({ attached: true, received: [], timers: 0 });
  });

  it('refuses a resume that waited beyond the deadline', async () => {
    const { registry, clock, ended } = createRegistry();
    const holder = new FakeAttachment();
    const answer = new Deferred<boolean>();
    holder.pingAnswer = answer.promise;
    const session = registry.create('t', holder);
    const resume = failureOf(registry.resume(session.id, new FakeAttachment()));
    registry.detach(session, holder);
    clock.advance(ttlMs);
    answer.resolve(false);
    expect(await resume).toEqual(unknown(session.id));
    await settled();
    expect(ended).toEqual([session.id]);
  });

  it('gives nothing to a connection that ended while it waited, and the session stays where it was', async () => {
    const { registry } = createRegistry();
    const holder = new FakeAttachment();
    const answer = new Deferred<boolean>();
    holder.pingAnswer = answer.promise;
    const session = registry.create('t', holder);
    const attachment = new FakeAttachment();
    const resume = failureOf(registry.resume(session.id, attachment));
    attachment.isOpen = false;
    answer.resolve(false);
    expect({ resume: await resume, holds: session.currentAttachment === holder }).toEqual({
      resume: expect.objectContaining({ code: -32600, message: 'the connection has ended' }),
      holds: true,
    });
  });

  it('answers alike for an unknown, an empty and an ended session', async () => {
    const { registry, detached } = createRegistry();
    const session = detached();
    await registry.end(session, 'user');
    const ids = ['', 'nope', session.id];
    expect(
      await Promise.all(ids.map((id) => failureOf(registry.resume(id, new FakeAttachment())))),
    ).toEqual(ids.map(unknown));
  });

  it('makes room by ending the session detached longest that has nothing running', async () => {
    const { registry, ended } = createRegistry({ maxSessions: 3 });
    const busyClient = new FakeAttachment();
    const busy = registry.create('busy', busyClient);
    await busy.start('p', request, new FakeBackend());
    registry.detach(busy, busyClient);
    const attachments = [new FakeAttachment(), new FakeAttachment()];
    const idle = attachments.map((attachment) => registry.create('idle', attachment));
    for (const [index, session] of [...idle.entries()].reverse()) {
      const attachment = attachments[index];
      if (attachment !== undefined) registry.detach(session, attachment);
    }
    const next = registry.create('next', new FakeAttachment());
    await settled();
    expect({ ended, left: [...registry.all].map(({ id }) => id) }).toEqual({
      ended: [idle[1]?.id],
      left: [busy.id, idle[0]?.id, next.id],
    });
  });

  it('refuses a session when there is no room to make', () => {
    const { registry } = createRegistry({ maxSessions: 1 });
    registry.create('t', new FakeAttachment());
    expect(() => registry.create('t', new FakeAttachment())).toThrow(
      'limit reached: at most 1 sessions',
    );
  });

  it('applies another TTL to sessions detached from then on', () => {
    const { registry, clock, detached } = createRegistry();
    const before = detached();
    registry.setDetachedTtl(50);
    const after = detached();
    expect([before, after].map((session) => registry.deadlineOf(session))).toEqual([
      clock.now() + ttlMs,
      clock.now() + 50,
    ]);
  });

  it('counts the processes of all sessions against one bound', async () => {
    const { registry } = createRegistry({ maxProcesses: 2 });
    const backend = new FakeBackend();
    const sessions = ['a', 'b', 'c'].map((name) => registry.create(name, new FakeAttachment()));
    const outcomes = [];
    for (const session of sessions)
      outcomes.push(await failureOf(session.start('p', request, backend)));
    expect(outcomes).toEqual(['succeeded', 'succeeded', expect.objectContaining({ code: -32013 })]);
  });
});
