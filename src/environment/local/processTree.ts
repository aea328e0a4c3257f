import { spawn } from 'node:child_process';
import type { Clock } from '../../base/clock';
import type { ProcessRecord, ProcessTable, TreeRoot } from './processTable';
import { hasProcessTable, readProcess, treeMembers } from './processTable';

/** First and longest pause between two looks at processes that were asked to end. */
const firstPollMs = 5;
const longestPollMs = 50;

/** Looks at a tree that goes on growing while it is stopped; a sane one needs two. */
const maxStopPasses = 8;

/** How long a forced end may take; what is stuck in the kernel longer than this cannot be helped. */
const forcedEndMs = 1000;

/**
 * A program and what it started. The program leads a session and a process group of its own, so both
 * carry its pid. Never signals a pid that may have passed to somebody else: the group only while its
 * leader is known to be there, single processes only just after they were looked at.
 */
export class ProcessTree {
  private leaderExited = false;
  /** Whether somebody says when the leader was reaped. Otherwise it is gone when it is not seen. */
  private exitIsMarked = true;
  private readonly root: TreeRoot;

  /** Created right after the start, while the program cannot have been replaced under its pid. */
  constructor(
    readonly pid: number,
    private readonly table: ProcessTable,
  ) {
    this.root = { pid, startTime: readProcess(pid)?.startTime };
  }

  /** A tree whose leader somebody else reaps: nobody here will mark its exit. */
  static ofStranger(pid: number, table: ProcessTable): ProcessTree {
    const tree = new ProcessTree(pid, table);
    tree.exitIsMarked = false;
    return tree;
  }

  /** The leader was reaped: its pid means nothing any more. */
  markLeaderExited(): void {
    this.leaderExited = true;
  }

  /** Signals the leader's process group and tells whether the leader was still there for it. */
  signalGroup(signal: NodeJS.Signals): boolean {
    if (!this.ownsPid()) return false;
    sendSignal(process.platform === 'win32' ? this.pid : -this.pid, signal);
    return true;
  }

  /** Signals everything that belongs to the tree, also outside the leader's group. */
  signalAll(...signals: readonly NodeJS.Signals[]): void {
    if (process.platform === 'win32') {
      if (!this.leaderExited) endWindowsTree(this.pid);
      return;
    }
    // Looked up before the group is hit: the dead have no children.
    const members = this.members();
    for (const signal of signals) {
      const groupSignalled = this.signalGroup(signal);
      for (const member of members) {
        const inGroup = member.groupId === this.pid && !hasLeftGroup(member);
        if (!groupSignalled || !inGroup) sendSignal(member.pid, signal);
      }
    }
  }

  /** Kills everything that belongs to the tree, at once. */
  kill(): void {
    if (hasProcessTable) this.stopOutsiders();
    this.signalAll('SIGKILL');
  }

  /** Whether nothing of the tree is left. Where processes cannot be listed, only the leader counts. */
  isGone(): boolean {
    return this.isLeaderOver() && this.members().length === 0;
  }

  /** Asks the tree to end, waits, forces it. Resolves with whether it is gone. */
  async end(polite: 'SIGTERM' | 'SIGHUP', graceMs: number, clock: Clock): Promise<boolean> {
    if (this.isGone()) return true;
    // What is stopped could not follow the request.
    this.signalAll(polite, 'SIGCONT');
    if (await this.goneWithin(graceMs, clock)) return true;
    this.kill();
    return this.goneWithin(forcedEndMs, clock);
  }

  /** Waits for the tree to be gone and tells whether it is. */
  async goneWithin(waitMs: number, clock: Clock): Promise<boolean> {
    const deadline = clock.now() + waitMs;
    let pauseMs = firstPollMs;
    let watched = this.members();
    for (;;) {
      watched = watched.filter(isStillThere);
      // The whole table is read again only when all we know of are gone.
      if (this.isLeaderOver() && watched.length === 0) watched = this.members();
      if (this.isLeaderOver() && watched.length === 0) return true;
      const remainingMs = deadline - clock.now();
      if (remainingMs <= 0) return false;
      await pause(clock, Math.min(pauseMs, remainingMs));
      pauseMs = Math.min(pauseMs * 2, longestPollMs);
    }
  }

  /**
   * A signal reaches a whole group at one instant, but what left the group is hit one by one and could
   * have children meanwhile, who lose the link to the tree. So it is stopped first, until a further
   * look finds nothing that runs.
   */
  private stopOutsiders(): void {
    const stopped = new Set<number>();
    for (let pass = 0; pass < maxStopPasses; pass += 1) {
      const running = this.members().filter(
        (member) => member.groupId !== this.pid && !stopped.has(member.pid),
      );
      if (running.length === 0) return;
      if (pass === 0) this.signalGroup('SIGSTOP');
      for (const { pid } of running) {
        sendSignal(pid, 'SIGSTOP');
        stopped.add(pid);
      }
      this.table.readAgain();
    }
  }

  private isLeaderOver(): boolean {
    return this.leaderExited || !this.exitIsMarked;
  }

  private members(): readonly ProcessRecord[] {
    return treeMembers(this.root, this.table.read()).filter(
      (member) => member.pid > 1 && member.pid !== process.pid,
    );
  }

  /**
   * A terminal's program is reaped on another thread, which tells us a little later; the start time
   * closes the gap in which its pid could already be somebody else's.
   */
  private ownsPid(): boolean {
    if (this.leaderExited || this.pid <= 1 || this.pid === process.pid) return false;
    if (!hasProcessTable) return true;
    const holder = readProcess(this.pid);
    return holder !== undefined && holder.startTime === this.root.startTime;
  }
}

function isStillThere(record: ProcessRecord): boolean {
  const current = readProcess(record.pid);
  return current?.startTime === record.startTime && !current.isDead;
}

/** Whether a process opened a session or group of its own since it was looked at. */
function hasLeftGroup(record: ProcessRecord): boolean {
  const current = readProcess(record.pid);
  return current?.startTime === record.startTime && current.groupId !== record.groupId;
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended first, or changed its user so that it is not ours to end: nothing to do in either case.
  }
}

/** Windows has no process groups; its own tool walks the parent links, which outlive no parent. */
function endWindowsTree(pid: number): void {
  const tool = spawn('taskkill', ['/PID', String(pid), '/T', '/F'], {
    stdio: 'ignore',
    windowsHide: true,
  });
  tool.on('error', () => sendSignal(pid, 'SIGKILL'));
}

function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.schedule(resolve, delayMs);
  });
}
