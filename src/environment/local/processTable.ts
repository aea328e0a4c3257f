import { closeSync, openSync, readSync, readdirSync } from 'node:fs';

/** One running process as the system lists it. */
export interface ProcessRecord {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** Ticks since the machine started; with `pid` it names a process for good. */
  readonly startTime: number;
  /** Ended, and only waiting to be reaped: it cannot act any more, but its pid is not free yet. */
  readonly isDead: boolean;
}

/** The root of a tree, alive or gone. Its session and its process group carry its pid as their number. */
export interface TreeRoot {
  readonly pid: number;
  /** Absent when the root ended before it could be looked at. */
  readonly startTime: number | undefined;
}

/** Whether this system lists its processes in a way we read. */
export const hasProcessTable = process.platform === 'linux';

/** Fields of /proc/<pid>/stat behind the program name, counted from the state. See proc(5). */
const statField = { state: 0, parentPid: 1, groupId: 2, sessionId: 3, startTime: 19 };

/** Parses /proc/<pid>/stat. */
export function parseProcessStat(text: string): ProcessRecord | undefined {
  // The name is free text in parentheses and may itself hold parentheses and spaces.
  const pid = Number.parseInt(text, 10);
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const state = fields[statField.state];
  if (Number.isNaN(pid) || state === undefined) return undefined;
  return {
    pid,
    parentPid: Number(fields[statField.parentPid]),
    groupId: Number(fields[statField.groupId]),
    sessionId: Number(fields[statField.sessionId]),
    startTime: Number(fields[statField.startTime]),
    isDead: state === 'Z' || state === 'X',
  };
}

/** Longer than any such line, and read into by one call: `readFile` takes four and makes memory each time. */
const statLine = Buffer.allocUnsafeSlow(4096);

/** Looks at one process; undefined when it is gone. */
export function readProcess(pid: number): ProcessRecord | undefined {
  if (!hasProcessTable) return undefined;
  let fd: number | undefined;
  try {
    fd = openSync(`/proc/${pid}/stat`, 'r');
    return parseProcessStat(statLine.toString('latin1', 0, readSync(fd, statLine)));
  } catch {
    // It ended between being named and being looked at, or belongs to a hidden namespace.
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Every living process of the machine, read in one synchronous pass so that little changes meanwhile.
 * Code that runs without a break shares one pass, however many trees it ends; nothing may be older
 * than that, because a program can start and end within one turn of the event loop.
 */
export class ProcessTable {
  private current: readonly ProcessRecord[] | undefined;

  /** As `read`, but later than everything that was done up to now. */
  readAgain(): readonly ProcessRecord[] {
    this.current = undefined;
    return this.read();
  }

  read(): readonly ProcessRecord[] {
    if (this.current === undefined) {
      this.current = readAllProcesses();
      queueMicrotask(() => {
        this.current = undefined;
      });
    }
    return this.current;
  }
}

/**
 * Everything in a table that belongs to `root`: itself, what descends from it, and what is left in its
 * session or in the sessions its descendants opened, even when the parents between are gone.
 */
export function treeMembers(
  root: TreeRoot,
  table: readonly ProcessRecord[],
): readonly ProcessRecord[] {
  // Another process under the root's pid: the kernel reuses it only after the session emptied.
  const holder = table.find((record) => record.pid === root.pid);
  if (holder !== undefined && holder.startTime !== root.startTime) return [];
  const notBefore = root.startTime ?? 0;
  const pids = new Set([root.pid]);
  const sessions = new Set([root.pid]);
  const members = new Set<ProcessRecord>();
  let grew = true;
  while (grew) {
    grew = false;
    for (const record of table) {
      if (members.has(record) || record.startTime < notBefore) continue;
      const belongs =
        record.pid === root.pid || pids.has(record.parentPid) || sessions.has(record.sessionId);
      if (!belongs) continue;
      members.add(record);
      pids.add(record.pid);
      if (record.sessionId === record.pid) sessions.add(record.pid);
      grew = true;
    }
  }
  return [...members];
}

function readAllProcesses(): readonly ProcessRecord[] {
  if (!hasProcessTable) return [];
  const records: ProcessRecord[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d/.test(name)) continue;
    const record = readProcess(Number(name));
    if (record !== undefined && !record.isDead) records.push(record);
  }
  return records;
}
