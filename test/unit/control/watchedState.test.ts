import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/base/limits';
import type { Limits } from '../../../src/base/limits';
import { nullLogger } from '../../../src/base/logger';
import { WatchedState } from '../../../src/control/watchedState';
import type { ChangedNotification } from '../../../src/control/messages';
import { spawnFailed } from '../../../src/protocol/errorCodes';
import type { Session } from '../../../src/server/session';
import { SessionRegistry } from '../../../src/server/sessionRegistry';
import { collectGarbage } from '../../support/collectGarbage';
import { FakeClock, settled } from '../../support/fakeClock';
import { FakeProcess } from '../../support/wireFakes';
import {
  ControlFakeProcess,
  fakeBackend,
  silentAttachment,
} from '../../support/controlFakeProcess';

const GATHER_MS = 100;

function watch(overrides: Partial<Limits> = {}) {
  const clock = new FakeClock();
  const limits = { ...defaultLimits, ...overrides };
  const sessions = new SessionRegistry({ clock, limits, logger: nullLogger });
  const state = new WatchedState(sessions, clock, limits);
  const changes: ChangedNotification[] = [];
  state.onDidChange((change) => changes.push(change));
  const start = async (session: Session, processId: string): Promise<ControlFakeProcess> => {
    const process = new ControlFakeProcess();
    const request = { argv: ['job'] as const, cwd: '/tmp', env: {}, pipeStdin: true };
    await session.start(processId, request, fakeBackend(process));
    return process;
  };
  /** What was told since the last look. */
  const told = (): ChangedNotification[] => {
    clock.advance(GATHER_MS);
    return changes.splice(0);
  };
  return { clock, sessions, state, start, told };
}

const nothing = { sessions: [], removedSessions: [], processes: [], removedProcesses: [] };

describe('WatchedState', () => {
  it('gathers everything of a tenth of a second into one change with whole objects', async () => {
    const { sessions, start, told, clock } = watch();
    const session = sessions.create('agent', silentAttachment);
    const atMs = clock.now();
    const process = await start(session, 'p');
    process.say('hello');
    process.say('world');
    expect(told()).toEqual([
      {
        ...nothing,
        sessions: [
          { sessionId: session.id, clientName: 'agent', state: 'attached', createdAtMs: atMs },
        ],
        processes: [
          {
            serial: 1,
            sessionId: session.id,
            processId: 'p',
            argv: ['job'],
            cwd: '/tmp',
            pid: 4711,
            tty: false,
            acceptsInput: true,
            state: 'running',
            inputHolder: 'agent',
            startedAtMs: atMs,
            lastOutputAtMs: atMs,
            outputBytes: 10,
          },
        ],
      },
    ]);
  });

  it('keeps nothing of a process that is forgotten, however long its session lives', async () => {
    const { clock, sessions, state, start } = watch();
    const session = sessions.create('agent', silentAttachment);
    const forgotten = await (async () => {
      const process = await start(session, 'p');
      const subscribe = new WeakRef(session.process('p').onDidChange);
      process.exit(0);
      process.close();
      clock.advance(defaultLimits.closedProcessRetentionMs);
      state.clearHistory();
      return subscribe;
    })();
    await settled();
    collectGarbage();
    expect(forgotten.deref()).toBe(undefined);
  });

  it('tells nothing while nothing changes', async () => {
    const { sessions, start, told, clock } = watch();
    await start(sessions.create('agent', silentAttachment), 'p');
    told();
    clock.advance(60 * GATHER_MS);
    expect({ told: told(), timers: clock.pendingTimers }).toEqual({ told: [], timers: 0 });
  });

  it('shows a detached session with the moment it expires', () => {
    const { sessions, state, clock } = watch();
    const session = sessions.create('agent', silentAttachment);
    const createdAtMs = clock.now();
    sessions.detach(session, silentAttachment);
    expect(state.snapshot().sessions).toEqual([
      {
        sessionId: session.id,
        clientName: 'agent',
        state: 'detached',
        createdAtMs,
        expiresAtMs: createdAtMs + defaultLimits.detachedSessionTtlMs,
      },
    ]);
  });

  it('goes through running, closing and closed, and stays readable when the session forgets it', async () => {
    const { sessions, start, state, clock } = watch();
    const session = sessions.create('agent', silentAttachment);
    const process = await start(session, 'p');
    const states = [state.viewOf(1).state];
    process.exit(5);
    states.push(state.viewOf(1).state);
    process.close();
    states.push(state.viewOf(1).state);
    clock.advance(defaultLimits.closedProcessRetentionMs);
    expect({
      states,
      kept: [...session.processes].length,
      exitCode: state.viewOf(1).exitCode,
      found: state.find(1)?.process === process,
    }).toEqual({ states: ['running', 'closing', 'closed'], kept: 0, exitCode: 5, found: true });
  });

  it('keeps an ended session as long as an exit of it, and removes one without any', async () => {
    const { sessions, start, state, told } = watch();
    const busy = sessions.create('busy', silentAttachment);
    const idle = sessions.create('idle', silentAttachment);
    await start(busy, 'p');
    told();
    await sessions.endAll('user');
    const [change] = told();
    expect({
      sessions: change?.sessions?.map(({ sessionId, state: word }) => [sessionId, word]),
      removedSessions: change?.removedSessions,
      processes: state.snapshot().processes.map(({ state: word, endedBy }) => [word, endedBy]),
    }).toEqual({
      sessions: [[busy.id, 'ended']],
      removedSessions: [idle.id],
      processes: [['closed', 'user']],
    });
  });

  it('removes from the list what its bounds push out', async () => {
    const { sessions, start, state, told } = watch({ maxRememberedExits: 1 });
    const first = sessions.create('first', silentAttachment);
    await start(first, 'p');
    await sessions.end(first, 'user');
    const second = sessions.create('second', silentAttachment);
    await start(second, 'p');
    told();
    await sessions.end(second, 'user');
    const [change] = told();
    expect({
      removedSessions: change?.removedSessions,
      removedProcesses: change?.removedProcesses,
      left: state.snapshot().processes.map(({ serial }) => serial),
    }).toEqual({ removedSessions: [first.id], removedProcesses: [1], left: [2] });
  });

  it('clears what is over and keeps what runs', async () => {
    const { sessions, start, state, told } = watch();
    const ended = sessions.create('ended', silentAttachment);
    await start(ended, 'p');
    await sessions.end(ended, 'user');
    const session = sessions.create('agent', silentAttachment);
    (await start(session, 'closed')).terminate();
    await start(session, 'running');
    told();
    state.clearHistory();
    expect({
      told: told(),
      processes: state.snapshot().processes.map(({ processId }) => processId),
      sessions: state.snapshot().sessions.map(({ sessionId }) => sessionId),
    }).toEqual({
      told: [{ ...nothing, removedSessions: [ended.id], removedProcesses: [2, 1] }],
      processes: ['running'],
      sessions: [session.id],
    });
  });

  it('does not bring back a cleared process when its session forgets it', async () => {
    const { sessions, start, state, clock } = watch();
    const session = sessions.create('agent', silentAttachment);
    (await start(session, 'p')).terminate();
    state.clearHistory();
    clock.advance(defaultLimits.closedProcessRetentionMs);
    expect(state.snapshot().processes).toEqual([]);
  });

  it('never gives a serial number twice', async () => {
    const { sessions, start, state } = watch();
    const one = sessions.create('one', silentAttachment);
    const two = sessions.create('two', silentAttachment);
    await start(one, 'p');
    await start(two, 'p');
    await sessions.end(one, 'user');
    await start(two, 'q');
    expect(
      state
        .snapshot()
        .processes.map(({ serial }) => serial)
        .sort(),
    ).toEqual([1, 2, 3]);
  });

  it('shows a start that failed as a process that is over, until it is cleared', async () => {
    const { clock, sessions, state, told } = watch();
    const session = sessions.create('agent', silentAttachment);
    told();
    const atMs = clock.now();
    const backend = { remote: 'box', start: () => Promise.reject(spawnFailed('EACCES')) };
    const request = { argv: ['job', 'x'] as const, cwd: '/tmp', env: {}, pipeStdin: false };
    await session.start('p', request, backend).catch(() => undefined);
    const shown = told();
    const kept = state.snapshot().processes;
    expect(() => state.require(1)).toThrow(/^this program could not be started: Permission denied/);
    state.clearHistory();
    expect(() => state.require(1)).toThrow('the output of this process is no longer kept');
    const view = {
      serial: 1,
      sessionId: session.id,
      processId: 'p',
      argv: ['job', 'x'],
      cwd: '/tmp',
      tty: false,
      acceptsInput: false,
      state: 'closed',
      failure: expect.stringContaining('Permission denied'),
      remote: 'box',
      inputHolder: 'agent',
      startedAtMs: atMs,
      exitedAtMs: atMs,
      outputBytes: 0,
    };
    expect({ shown, kept, output: state.find(1), cleared: told() }).toEqual({
      shown: [{ ...nothing, processes: [view] }],
      kept: [view],
      output: undefined,
      cleared: [{ ...nothing, removedProcesses: [1] }],
    });
  });

  it('shows where a process ran and why nobody knows what became of it', async () => {
    const { sessions, state } = watch();
    const session = sessions.create('agent', silentAttachment);
    const process = new FakeProcess();
    process.remote = 'box';
    const request = { argv: ['job'] as const, cwd: '/tmp', env: {}, pipeStdin: true };
    await session.start('p', request, fakeBackend(process));
    const before = state.snapshot().processes;
    process.fail('the connection was lost');
    expect([before, state.snapshot().processes]).toMatchObject([
      [{ state: 'running', remote: 'box' }],
      [{ state: 'closed', exitCode: 255, remote: 'box', failure: 'the connection was lost' }],
    ]);
  });
});
