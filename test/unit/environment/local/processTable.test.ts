import { describe, expect, it } from 'vitest';
import type { ProcessRecord } from '../../../../src/environment/local/processTable';
import { parseProcessStat, treeMembers } from '../../../../src/environment/local/processTable';

function record(pid: number, parentPid: number, sessionId: number, startTime = 100): ProcessRecord {
  return { pid, parentPid, groupId: sessionId, sessionId, startTime, isDead: false };
}

function pids(records: readonly ProcessRecord[]): number[] {
  return records.map(({ pid }) => pid).sort((left, right) => left - right);
}

describe('a line of the process table', () => {
  const rest = '7 8 9 34816 8 4194304 1 0 0 0 0 0 0 0 20 0 1 0 4242 1 1 1';

  it('is read past a name made to mislead', () => {
    expect(parseProcessStat(`12 (a) S 1 1 (1 ) R ${rest}`)).toEqual({
      pid: 12,
      parentPid: 7,
      groupId: 8,
      sessionId: 9,
      startTime: 4242,
      isDead: false,
    });
  });

  it('tells a dead process, and is nothing when there is no process', () => {
    const states = ['R', 'S', 'D', 'T', 'Z', 'X'];
    expect([
      states.map((state) => parseProcessStat(`12 (a) ${state} ${rest}`)?.isDead),
      parseProcessStat(''),
    ]).toEqual([[false, false, false, false, true, true], undefined]);
  });
});

describe('the tree of a process', () => {
  const root = { pid: 10, startTime: 100 };

  it('holds what descends from it, also through sessions of their own', () => {
    const table = [
      record(1, 0, 1, 1),
      record(10, 5, 10),
      record(11, 10, 10),
      record(12, 11, 12),
      record(13, 12, 13),
      record(20, 5, 20),
    ];
    expect(pids(treeMembers(root, table))).toEqual([10, 11, 12, 13]);
  });

  it('holds what lost its parents but stayed in a session of the tree', () => {
    const table = [record(10, 5, 10), record(12, 10, 12), record(14, 1, 12), record(15, 1, 10)];
    expect(pids(treeMembers(root, table))).toEqual([10, 12, 14, 15]);
    expect(pids(treeMembers(root, table.slice(3)))).toEqual([15]);
  });

  it('is found in a table in any order', () => {
    const table = [record(13, 12, 13), record(12, 11, 12), record(11, 10, 10), record(10, 5, 10)];
    expect(pids(treeMembers(root, table))).toEqual([10, 11, 12, 13]);
  });

  it('is empty when the pid belongs to another process by now', () => {
    const table = [record(10, 5, 10, 900), record(11, 10, 10, 901)];
    expect(treeMembers(root, table)).toEqual([]);
    expect(treeMembers({ pid: 10, startTime: undefined }, table)).toEqual([]);
  });

  it('never holds a process older than its root', () => {
    expect(pids(treeMembers(root, [record(10, 5, 10), record(11, 10, 10, 99)]))).toEqual([10]);
  });
});
