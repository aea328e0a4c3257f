import { describe, expect, it } from 'vitest';
import { nullLogger } from '../../../../src/base/logger';
import type { OwnedStart } from '../../../../src/executor/ownedStart';
import type { StateFile } from '../../../../src/executor/stateFile';
import { ExecutorSupervisor } from '../../../../src/extension/executor/executorSupervisor';
import { FakeControlClient, TOKEN, aSnapshot } from '../fakeControlClient';
import { FakeClock, settled } from '../../../support/fakeClock';
import { executorSettings } from '../../../support/executorSettings';

const PORT = 7001;

/** A machine on which executors start, are found, and die as a test says. */
class FakeMachine {
  readonly clock = new FakeClock();
  readonly starts: OwnedStart[] = [];
  readonly clients: FakeControlClient[] = [];
  readonly forced: number[] = [];
  readonly log: string[] = [];
  stateFile: StateFile | undefined;
  startError: Error | undefined;
  portChanged = false;
  /** Whether the next connection meets another executor than the one the state file names. */
  isStrangerNext = false;

  readonly supervisor = new ExecutorSupervisor({
    clock: this.clock,
    logger: nullLogger,
    startDocument: () =>
      Promise.resolve({
        settings: executorSettings(['/work']),
        environment: { mode: 'local' },
        stateFile: '/storage/executor.json',
      }),
    launch: (start) => {
      this.starts.push(start);
      if (this.startError !== undefined) return Promise.reject(this.startError);
      const pid = 100 + this.starts.length;
      this.leave(`instance-${this.starts.length}`, pid);
      return Promise.resolve({ pid, port: PORT, portChanged: this.portChanged });
    },
    readState: () => Promise.resolve(this.stateFile),
    isAlive: () => this.stateFile !== undefined,
    connect: (state) => {
      const instanceId = this.isStrangerNext ? 'stranger' : state.instanceId;
      this.isStrangerNext = false;
      const executor = { instanceId, pid: state.pid, version: '0.1.0', startedAtMs: 0 };
      const client = new FakeControlClient(aSnapshot({ executor }));
      this.clients.push(client);
      return Promise.resolve(client);
    },
    forceEnd: (pid) => {
      this.forced.push(pid);
      this.lastClient.close();
    },
  });

  constructor() {
    this.supervisor.onDidChangeState(({ kind }) => this.log.push(kind));
  }

  get lastClient(): FakeControlClient {
    const client = this.clients.at(-1);
    if (client === undefined) throw new Error('no executor was connected');
    return client;
  }

  leave(instanceId: string, pid: number): void {
    const ownerToken = 'owner-token-0123456789-0123456789';
    this.stateFile = { version: 1, instanceId, pid, port: PORT, ownerToken, startedAtMs: 0 };
  }

  async crash(): Promise<void> {
    this.stateFile = undefined;
    this.lastClient.close();
    await settled();
  }
}

describe('ExecutorSupervisor', () => {
  it('starts an executor and connects to it', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    await machine.supervisor.start();
    expect([machine.log, machine.starts.length]).toEqual([['starting', 'running'], 1]);
  });

  it('finds the executor a window before it left running', async () => {
    const machine = new FakeMachine();
    machine.leave('left', 9);
    await machine.supervisor.start();
    expect(machine.starts).toEqual([]);
    expect(machine.supervisor.client?.snapshot.executor.instanceId).toBe('left');
  });

  it('starts its own when somebody else answers on the port of the state file', async () => {
    const machine = new FakeMachine();
    machine.leave('left', 9);
    machine.isStrangerNext = true;
    await machine.supervisor.start();
    expect(machine.clients[0]?.isDisposed).toBe(true);
    expect(machine.supervisor.client?.snapshot.executor.instanceId).toBe('instance-1');
  });

  it('tells why it could not start, and stays failed', async () => {
    const machine = new FakeMachine();
    machine.startError = new Error('no port');
    await expect(machine.supervisor.start()).rejects.toThrow('no port');
    await machine.clock.advanceSettled(120_000);
    expect(machine.supervisor.state).toEqual({ kind: 'failed', reason: 'no port' });
    machine.startError = undefined;
    await machine.supervisor.start();
    expect(machine.supervisor.state.kind).toBe('running');
  });

  it('starts a crashed executor again with the port and the token clients know', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    await machine.crash();
    expect(machine.supervisor.state.kind).toBe('restarting');
    await machine.clock.advanceSettled(100);
    expect(machine.supervisor.state.kind).toBe('running');
    expect(machine.starts[1]).toMatchObject({ token: TOKEN, preferredPort: PORT });
  });

  it('keeps a token that was rotated meanwhile', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    const token = 'rotated-0123456789-0123456789-0123456789';
    machine.lastClient.change({
      listener: { port: PORT, url: `ws://127.0.0.1:${PORT}/`, token, connections: 0 },
    });
    await machine.crash();
    await machine.clock.advanceSettled(100);
    expect(machine.starts[1]?.token).toBe(token);
  });

  it('waits longer after each crash and gives up at the sixth within a minute', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    const waits: (number | undefined)[] = [];
    for (let crashes = 0; crashes < 6; crashes++) {
      await machine.crash();
      const [wait] = machine.clock.pendingDelays;
      waits.push(wait);
      await machine.clock.advanceSettled(wait ?? 0);
    }
    expect(waits).toEqual([100, 300, 1000, 2500, 5000, undefined]);
    expect(machine.supervisor.state.kind).toBe('failed');
    await machine.supervisor.start();
    expect(machine.supervisor.state.kind).toBe('running');
  });

  it('goes on for ever when crashes are rare', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    for (let crashes = 0; crashes < 20; crashes++) {
      await machine.crash();
      expect(machine.clock.pendingDelays).toEqual([100]);
      await machine.clock.advanceSettled(61_000);
    }
    expect(machine.supervisor.state.kind).toBe('running');
  });

  it('counts a start that fails during recovery as a crash', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    machine.startError = new Error('no memory');
    await machine.crash();
    await machine.clock.advanceSettled(60_000);
    expect(machine.supervisor.state).toEqual({ kind: 'failed', reason: 'no memory' });
    expect(machine.starts).toHaveLength(6);
  });

  it('comes back to the same executor when only the connection was lost', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    machine.lastClient.close();
    await machine.clock.advanceSettled(100);
    expect([machine.starts.length, machine.supervisor.state.kind]).toEqual([1, 'running']);
  });

  it('stops on request, without a restart, and forgets the token', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    machine.lastClient.answers.set('executor/shutDown', () => machine.crash());
    await machine.supervisor.stop('stopped by the user');
    await machine.clock.advanceSettled(60_000);
    expect(machine.supervisor.state.kind).toBe('stopped');
    await machine.supervisor.start();
    expect(machine.starts.map(({ token }) => token)).toEqual([undefined, undefined]);
  });

  it('takes a stop from another window for what it is, not for a crash', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    machine.stateFile = undefined;
    machine.lastClient.close('shutDown');
    await machine.clock.advanceSettled(60_000);
    expect([machine.starts.length, machine.supervisor.state.kind]).toEqual([1, 'stopped']);
  });

  it('joins the executor another window has started, and starts none by itself', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.join();
    expect([machine.log, machine.starts.length]).toEqual([[], 0]);
    machine.leave('theirs', 9);
    await machine.supervisor.join();
    expect([machine.log, machine.starts.length]).toEqual([['running'], 0]);
    expect(machine.supervisor.client?.snapshot.executor.instanceId).toBe('theirs');
  });

  it('ends an executor that does not stop', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    const stopped = machine.supervisor.stop('stopped by the user');
    await settled();
    await machine.clock.advanceSettled(60_000);
    await stopped;
    expect([machine.forced, machine.supervisor.state.kind]).toEqual([[101], 'stopped']);
  });

  it('stops during the wait for a restart', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    await machine.crash();
    await machine.supervisor.stop('stopped by the user');
    await machine.clock.advanceSettled(60_000);
    expect([machine.starts.length, machine.supervisor.state.kind]).toEqual([1, 'stopped']);
  });

  it('restarts with the same address', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    machine.lastClient.answers.set('executor/shutDown', () => machine.crash());
    await machine.supervisor.restart();
    expect(machine.supervisor.state.kind).toBe('running');
    expect(machine.starts[1]).toMatchObject({ token: TOKEN, preferredPort: PORT });
  });

  it('tells when another program has taken the port', async () => {
    const machine = new FakeMachine();
    const told: unknown[] = [];
    machine.supervisor.onDidChangePort((change) => told.push(change));
    await machine.supervisor.start();
    await machine.crash();
    machine.portChanged = true;
    await machine.clock.advanceSettled(100);
    expect(told).toEqual([{ wanted: PORT, port: PORT }]);
  });

  it('only lets go when it is disposed', async () => {
    const machine = new FakeMachine();
    await machine.supervisor.start();
    machine.supervisor.dispose();
    machine.lastClient.close();
    await machine.clock.advanceSettled(60_000);
    expect([
      machine.lastClient.isDisposed,
      machine.lastClient.methods(),
      machine.starts.length,
    ]).toEqual([true, [], 1]);
  });
});
