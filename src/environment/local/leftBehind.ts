import { readFileSync } from 'node:fs';
import type { Clock } from '../../base/clock';
import type { ProcessRecord } from './processTable';
import { ProcessTable, hasProcessTable, readProcess } from './processTable';
import { ProcessTree } from './processTree';

/** A program an executor had started before it died. */
export interface LeftProgram {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
}

/** Start times in /proc are ticks of this length since the machine started; see proc(5). */
const TICK_MS = 10;

/**
 * How far the two ways to tell a start time may differ: the machine's own start is given in whole
 * seconds, and a start takes a moment. A pid is not used again that soon.
 */
const TOLERANCE_MS = 3000;

/**
 * Ends what a dead executor left running, trees and all, and answers how many programs there were. A pid
 * alone names nobody any more; the start time tells whether it is still the same program or its session.
 */
export async function endLeftBehind(
  programs: readonly LeftProgram[],
  graceMs: number,
  clock: Clock,
): Promise<number> {
  const bootMs = readBootMs();
  if (bootMs === undefined) return 0;
  const table = new ProcessTable();
  const trees = programs
    .filter(({ pid, startedAtMs }) => isLeft(pid, startedAtMs - bootMs, table))
    .map(({ pid }) => ProcessTree.ofStranger(pid, table));
  await Promise.all(trees.map((tree) => tree.end('SIGTERM', graceMs, clock)));
  return trees.length;
}

/** Every program of ours leads a session. Its number stays taken while anything of the session lives. */
function isLeft(pid: number, sinceBootMs: number, table: ProcessTable): boolean {
  const leader = readProcess(pid);
  if (leader !== undefined && !leader.isDead) {
    return leader.sessionId === pid && Math.abs(startMs(leader) - sinceBootMs) <= TOLERANCE_MS;
  }
  return table
    .read()
    .some((member) => member.sessionId === pid && startMs(member) >= sinceBootMs - TOLERANCE_MS);
}

const startMs = ({ startTime }: ProcessRecord): number => startTime * TICK_MS;

/** When this machine started; `undefined` where processes cannot be told apart by their start. */
function readBootMs(): number | undefined {
  if (!hasProcessTable) return undefined;
  const seconds = /^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
