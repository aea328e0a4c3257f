import type { Stats } from 'node:fs';
import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errnoCodeOf } from '../../../base/errors';

/** What is found on the way along a path. */
export interface PathTrace {
  /** The path without links; where something is missing, as far as it exists and the missing names. */
  readonly realPath: string;
  /** Absent when something on the way is missing. */
  readonly stats: Stats | undefined;
  /** The first name on the way that is missing. */
  readonly firstMissing: string | undefined;
  /** Links that were followed, each at its place without links. */
  readonly links: readonly string[];
}

/** As many as the kernel follows. */
const maxLinks = 40;

/** A path `outOfReach` leads to where we may not look; one `closedByUs` would not if we opened a folder of ours. */
type Dead = 'outOfReach' | 'closedByUs' | 'impassable';

/** Walks along a path and follows its links. One that is `impassable` leads in circles or through a file. */
export function tracePath(path: string): PathTrace | Dead {
  const names = namesOf(path);
  const links: string[] = [];
  let at = '/';
  let stats = lstatSync('/');
  for (let name = names.shift(); name !== undefined; name = names.shift()) {
    const next = join(at, name);
    const found = look(next);
    if (found === 'outOfReach') return isOursToOpen(at) ? 'closedByUs' : found;
    if (found === 'impassable') return found;
    if (found === undefined) {
      const realPath = join(next, ...names);
      return { realPath, stats: undefined, firstMissing: next, links };
    }
    if (!found.isSymbolicLink()) {
      at = next;
      stats = found;
      continue;
    }
    links.push(next);
    if (links.length > maxLinks) return 'impassable';
    names.unshift(...namesOf(resolve(at, readlinkSync(next))));
    at = '/';
    stats = lstatSync('/');
  }
  return { realPath: at, stats, firstMissing: undefined, links };
}

/** Whether what closes a path to us is a folder of our own, which every program of ours can open again. */
export function isOursToOpen(path: string): boolean {
  const stats = look(path);
  if (typeof stats === 'object') return stats.uid === process.geteuid?.();
  const parent = dirname(path);
  return parent !== path && isOursToOpen(parent);
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function look(path: string): Stats | undefined | 'outOfReach' | 'impassable' {
  try {
    return lstatSync(path);
  } catch (error) {
    const code = errnoCodeOf(error);
    if (code === 'ENOENT') return undefined;
    return code === 'EACCES' ? 'outOfReach' : 'impassable';
  }
}
