import { lstat, readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, parse, sep } from 'node:path';
import { errnoCodeOf } from '../../base/errors';
import { systemError } from './systemError';

/** Links followed for one path before it counts as a loop; Linux uses the same number. */
const MAX_LINKS = 40;

/**
 * The real path of something that may not exist: links are followed as far as there is anything, also a
 * last one that leads to nothing yet, and missing components are kept as they are.
 */
export async function resolveLinks(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (errnoCodeOf(error) !== 'ENOENT') throw error;
  }
  return resolveStepByStep(path);
}

/** The first symbolic link on the way to `path`, itself included, or `undefined`. */
export async function findLink(path: string): Promise<string | undefined> {
  let current = parse(path).root;
  for (const name of componentsOf(path)) {
    current = join(current, name);
    try {
      if ((await lstat(current)).isSymbolicLink()) return current;
    } catch {
      // What cannot be looked at is no link; the operation itself tells what is wrong with the path.
      return undefined;
    }
  }
  return undefined;
}

async function resolveStepByStep(path: string): Promise<string> {
  let current = parse(path).root;
  let links = 0;
  const pending = componentsOf(path).reverse();
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '..') {
      current = dirname(current);
      continue;
    }
    const next = join(current, name);
    const target = await linkTarget(next);
    if (target === 'missing') {
      // The kernel cannot go through a directory that is not there and up again, so neither do we.
      if (pending.includes('..')) throw systemError('ENOENT', path);
      return join(next, ...pending.reverse());
    }
    if (target === undefined) {
      current = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw systemError('ELOOP', path);
    if (isAbsolute(target.text)) current = parse(target.text).root;
    pending.push(...componentsOf(target.text).reverse());
  }
  return current;
}

async function linkTarget(path: string): Promise<{ text: string } | 'missing' | undefined> {
  try {
    if (!(await lstat(path)).isSymbolicLink()) return undefined;
    return { text: await readlink(path) };
  } catch (error) {
    if (errnoCodeOf(error) === 'ENOENT') return 'missing';
    throw error;
  }
}

/** A backslash separates on Windows only; elsewhere it is part of a name. */
function componentsOf(path: string): string[] {
  return path
    .slice(parse(path).root.length)
    .split(sep === '\\' ? /[\\/]/ : '/')
    .filter((name) => name !== '' && name !== '.');
}
