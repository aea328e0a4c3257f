import type { FSWatcher } from 'node:fs';
import { watch } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Limits } from '../../base/limits';
import type { Disposable } from '../../base/lifecycle';
import type { WatchedPaths } from '../fileSystem';
import { isLocalFileSystem } from './localFileSystemTypes';
import type { WatchPlan } from './watchPlan';
import { planWatch } from './watchPlan';

export type WatchLimits = Pick<Limits, 'maxWatchedPaths' | 'maxWatchedDirectories'>;

/** Watches with the means of the kernel, never by looking again and again. See `FileSystem.watchMissing`. */
export async function watchMissing(
  paths: WatchedPaths,
  limits: WatchLimits,
  onDidChange: () => void,
): Promise<Disposable | undefined> {
  const { length } = paths.missing;
  // Other systems tell late or not at all what happened in a directory.
  if (process.platform !== 'linux' || length === 0 || length > limits.maxWatchedPaths) {
    return undefined;
  }
  const plan = await planWatch(paths);
  if (plan === undefined || plan.size > limits.maxWatchedDirectories) return undefined;
  if (!(await announceChanges([...plan.keys()]))) return undefined;
  const watchers = new PlanWatchers(onDidChange);
  watchers.start(plan, paths.present);
  // What happened before the last watcher was there shows in a second look.
  const isAsPlanned = isDeepStrictEqual(await planWatch(paths), plan);
  if (isAsPlanned && watchers.arm()) return watchers;
  watchers.dispose();
  return undefined;
}

/** What is made on the other side of a network, or by the kernel itself, announces nothing. */
async function announceChanges(directories: readonly string[]): Promise<boolean> {
  try {
    const types = await Promise.all(directories.map(async (path) => (await statfs(path)).type));
    return types.every((type) => isLocalFileSystem(type));
  } catch {
    // It went away meanwhile, or may not be looked at.
    return false;
  }
}

/** The watchers of one plan; they end with the first event. */
class PlanWatchers implements Disposable {
  private readonly watchers: FSWatcher[] = [];
  private state: 'starting' | 'armed' | 'over' = 'starting';

  constructor(private readonly onDidChange: () => void) {}

  start(plan: WatchPlan, present: string | undefined): void {
    try {
      for (const [directory, names] of plan) this.add(directory, names);
      // A file changes through its other names too, which its directory does not tell.
      if (present !== undefined) this.add(present, undefined);
    } catch {
      // Gone, without rights, or the system has no watches left: then nothing is watched.
      this.dispose();
    }
  }

  /** From here on a change is told. Answers false when one has come before. */
  arm(): boolean {
    if (this.state !== 'starting') return false;
    this.state = 'armed';
    return true;
  }

  dispose(): void {
    this.state = 'over';
    for (const watcher of this.watchers.splice(0)) watcher.close();
  }

  /** @param names those that matter; all of them without. */
  private add(path: string, names: ReadonlySet<string> | undefined): void {
    const watcher = watch(path, { persistent: false }, (_event, name) => {
      if (names === undefined || name === null || names.has(name)) this.changed();
    });
    watcher.on('error', () => {
      this.changed();
    });
    this.watchers.push(watcher);
  }

  private changed(): void {
    const wasArmed = this.state === 'armed';
    this.dispose();
    if (wasArmed) this.onDidChange();
  }
}
