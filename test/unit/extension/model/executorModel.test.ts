import { describe, expect, it } from 'vitest';
import { ExecutorModel } from '../../../../src/extension/model/executorModel';
import { buildTree } from '../../../../src/extension/model/treeModel';
import { FakeControlClient, aProcess, aRemote, aSession, aSnapshot } from '../fakeControlClient';

function attached(): { model: ExecutorModel; client: FakeControlClient } {
  const model = new ExecutorModel();
  const client = new FakeControlClient(
    aSnapshot({
      sessions: [aSession()],
      processes: [aProcess(), aProcess({ serial: 2, state: 'closed', exitCode: 0 })],
    }),
  );
  model.attach(client);
  return { model, client };
}

describe('ExecutorModel', () => {
  it('follows changes', () => {
    const { model, client } = attached();
    client.change({
      processes: [aProcess({ state: 'closed', exitCode: 3 }), aProcess({ serial: 7 })],
    });
    client.change({ removedProcesses: [2], environment: aRemote() });
    expect({
      environment: model.environment,
      processes: model.processes.map(({ key, state }) => [key, state]),
      running: model.runningProcesses.length,
    }).toEqual({
      environment: aRemote(),
      processes: [
        ['instance-1/1', 'closed'],
        ['instance-1/7', 'running'],
      ],
      running: 1,
    });
  });

  it('shows what ran as lost when the executor died, never as running', () => {
    const { model } = attached();
    model.markLost();
    expect(model.runningProcesses).toEqual([]);
    const [session] = buildTree(model.sessions, model.processes, { nowMs: 0, folders: [] });
    expect(session?.contextValue).toBe('session.ended');
    expect(session?.children.map(({ contextValue }) => contextValue)).toEqual([
      'process.lost',
      'process.exited.gone',
    ]);
  });

  it('keeps lost processes beside those of the next executor, whose serials start again', () => {
    const { model } = attached();
    model.markLost();
    const executor = { instanceId: 'instance-2', pid: 5, version: '0.1.0', startedAtMs: 0 };
    model.attach(
      new FakeControlClient(
        aSnapshot({ executor, sessions: [aSession()], processes: [aProcess()] }),
      ),
    );
    expect(
      model.processes.map(({ key, isLost, isReachable }) => [key, isLost, isReachable]),
    ).toEqual([
      ['instance-2/1', false, true],
      ['instance-1/1', true, false],
      ['instance-1/2', false, false],
    ]);
    expect(model.runningProcesses.map(({ key }) => key)).toEqual(['instance-2/1']);
    expect(model.sessions.map(({ key }) => key.split('/')[0])).toEqual([
      'instance-2',
      'instance-1',
    ]);
  });

  it('finds nothing lost when the same executor comes back', () => {
    const { model, client } = attached();
    model.markLost();
    model.attach(client);
    expect(model.processes.map(({ key, isLost }) => [key, isLost])).toEqual([
      ['instance-1/1', false],
      ['instance-1/2', false],
    ]);
  });

  it('stays the same after an executor it no longer follows', () => {
    const { model, client } = attached();
    model.clear();
    client.change({ processes: [aProcess({ serial: 9 })] });
    expect([model.processes, model.sessions, model.environment]).toEqual([[], [], undefined]);
  });
});
