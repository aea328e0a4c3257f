import { lstat } from 'node:fs/promises';
import { join, parse, sep } from 'node:path';
import { errnoCodeOf } from '../../base/errors';
import type { WatchedPaths } from '../fileSystem';

/** The names in a directory whose change may concern a watched path: the next step of a way. */
export type WatchPlan = ReadonlyMap<string, ReadonlySet<string>>;

type Step = 'directory' | 'other' | 'missing';

/**
 * Which directories to watch, parents before children: all on the way to each path, because any of them
 * can be moved away. A way through a link would need to be watched at both its ends, so it is refused, as
 * by the measured peer.
 *
 * @returns `undefined` when a path is not as it was said to be or cannot be looked at.
 */
export async function planWatch({
  missing,
  present,
}: WatchedPaths): Promise<WatchPlan | undefined> {
  const plan = new Map<string, Set<string>>();
  const known = new Map<string, Step | undefined>();
  for (const path of missing) {
    if ((await trace(path, plan, known)) !== 'missing') return undefined;
  }
  if (present !== undefined) {
    const found = await trace(present, plan, known);
    if (found !== 'directory' && found !== 'other') return undefined;
  }
  return plan;
}

/** What a way leads to; `undefined` when it cannot be watched. */
async function trace(
  path: string,
  plan: Map<string, Set<string>>,
  known: Map<string, Step | undefined>,
): Promise<Step | undefined> {
  let current = parse(path).root;
  let step: Step | undefined = 'directory';
  for (const name of path.slice(current.length).split(sep)) {
    if (step !== 'directory') return undefined;
    const names = plan.get(current);
    if (names === undefined) plan.set(current, new Set([name]));
    else names.add(name);
    current = join(current, name);
    if (!known.has(current)) known.set(current, await lookAt(current));
    step = known.get(current);
    if (step === 'missing') return 'missing';
  }
  return step;
}

async function lookAt(path: string): Promise<Step | undefined> {
  try {
    const stats = await lstat(path);
    if (stats.isDirectory()) return 'directory';
    return stats.isSymbolicLink() ? undefined : 'other';
  } catch (error) {
    // Without rights, or through a file: it may be there or not, and no change of that would be seen.
    return errnoCodeOf(error) === 'ENOENT' ? 'missing' : undefined;
  }
}
