import { readFileSync, readdirSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { beforeEach, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../src/base/clock';

/** Between two looks at something that announces nothing. */
const POLL_MS = 5;

/** Looks without a change after which nothing is expected to change any more. */
const STABLE_LOOKS = 40;

/** Bound against hanging only. */
const GIVE_UP_MS = 50_000;

/** What a server and its programs are made of; other handles belong to the test runner. */
const watchedResources = ['TCPServerWrap', 'TCPSocketWrap', 'ProcessWrap', 'PipeWrap', 'TTYWrap'];

/** Waits until something holds that only the system knows. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + GIVE_UP_MS;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Gave up waiting until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Waits until a number has not changed for a while: for what stops of itself and says nothing. */
export async function untilStable(read: () => number, what: string): Promise<number> {
  let last = Number.NaN;
  let looks = 0;
  await until(() => {
    const value = read();
    looks = value === last ? looks + 1 : 0;
    last = value;
    return looks >= STABLE_LOOKS;
  }, what);
  return last;
}

/** Memory in use by this process, in bytes, without what only waits to be collected. */
export function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Waits until no more than so many bytes are in use: what was freed is given back a little later than it is collected. */
export async function untilMemoryIsWithin(bytes: number): Promise<void> {
  let inUse = Number.NaN;
  try {
    await until(() => {
      inUse = memoryInUse();
      return inUse <= bytes;
    }, 'enough memory is free');
  } catch {
    throw new Error(`There are ${inUse} bytes in use and not ${bytes} at most`);
  }
}

/** Makes every test of a file fail that leaves a socket, a child or a timer of the core behind. */
export function failOnLeaks(): void {
  beforeEach(() => {
    const timers = watchTimers();
    const before = inventory();
    // Hooks of a test run last to first, so this one sees what all others have cleaned up.
    onTestFinished(async () => {
      const leftovers = (): string[] => [
        ...excess(before, inventory()),
        ...(timers.size === 0 ? [] : [`${timers.size} timers`]),
      ];
      try {
        await until(() => leftovers().length === 0, 'nothing is left');
      } catch {
        throw new Error(`The test left behind: ${leftovers().join(', ')}`);
      } finally {
        vi.restoreAllMocks();
      }
    });
  });
}

/** Whether a process exists and is not only waiting to be reaped. */
export function isRunning(pid: number): boolean {
  const stat = readStat(String(pid));
  return stat !== undefined && !/^[ZX]/.test(stat);
}

/** Timers do not show among the active resources when they are not to keep the process alive. */
function watchTimers(): ReadonlySet<object> {
  const pending = new Set<object>();
  const schedule = systemClock.schedule.bind(systemClock);
  vi.spyOn(systemClock, 'schedule').mockImplementation((callback, delayMs) => {
    const key = {};
    pending.add(key);
    const timer = schedule(() => {
      pending.delete(key);
      callback();
    }, delayMs);
    return {
      dispose() {
        pending.delete(key);
        timer.dispose();
      },
    };
  });
  return pending;
}

function inventory(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const resource of process.getActiveResourcesInfo()) {
    if (watchedResources.includes(resource)) counts.set(resource, (counts.get(resource) ?? 0) + 1);
  }
  counts.set('child', childCount());
  return counts;
}

function excess(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): readonly string[] {
  return [...after].flatMap(([name, count]) => {
    const extra = count - (before.get(name) ?? 0);
    return extra > 0 ? [`${extra} ${name}`] : [];
  });
}

function childCount(): number {
  return readdirSync('/proc').filter((name) => {
    const stat = /^\d+$/.test(name) ? readStat(name) : undefined;
    return stat?.split(' ')[1] === String(process.pid);
  }).length;
}

/** The fields of /proc/<pid>/stat from the state on; the parent's pid is the second. */
function readStat(pid: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2);
  } catch {
    // It ended between being listed and being looked at.
    return undefined;
  }
}
