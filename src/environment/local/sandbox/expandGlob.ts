import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Limits } from '../../../base/limits';
import { cannotKeepRule } from './sandboxErrors';

/** What a pattern may cost. */
export type GlobLimits = Pick<Limits, 'maxSandboxGlobEntries' | 'maxSandboxGlobMatches'>;

/**
 * What an absolute pattern of `*`, `?`, `[…]` and `**` matches now. Links are not entered. What it will
 * match later is not known, and the measured peer does not cover it either.
 *
 * @throws RpcError when there is more to look at than the limits allow: a rule kept in part is not kept.
 */
export async function expandGlob(pattern: string, limits: GlobLimits): Promise<string[]> {
  const names = pattern.split('/').filter((name) => name !== '');
  const fixedCount = names.findIndex((name) => /[*?[]/.test(name));
  if (fixedCount === -1) return [pattern];
  const expression = expressionOf(names);
  const deep = names.includes('**');
  const matches: string[] = [];
  let looked = 0;
  const pending = [{ path: `/${names.slice(0, fixedCount).join('/')}`, depth: fixedCount }];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of await entriesOf(folder.path)) {
      looked += 1;
      const path = join(folder.path, entry.name);
      if (expression.test(path)) matches.push(path);
      if (looked > limits.maxSandboxGlobEntries || matches.length > limits.maxSandboxGlobMatches) {
        throw cannotKeepRule(pattern, 'there are too many files to compare it with');
      }
      const goesOn = deep || folder.depth + 1 < names.length;
      if (entry.isDirectory() && goesOn) pending.push({ path, depth: folder.depth + 1 });
    }
  }
  return matches;
}

/** What cannot be listed cannot be reached by a program of the same user. */
async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function expressionOf(names: readonly string[]): RegExp {
  const parts = names.map((name, index) => {
    if (name !== '**') return `/${nameExpression(name)}`;
    // As the last name it stands for everything below, before others for any number of folders.
    return index === names.length - 1 ? '/.+' : '(?:/[^/]+)*';
  });
  return new RegExp(`^${parts.join('')}$`, 's');
}

function nameExpression(name: string): string {
  return name.replace(/\[([!^]?)([^\]]+)\]|[\s\S]/g, (part, negated?: string, set?: string) => {
    if (set !== undefined) return `[${negated === '' ? '' : '^'}${set.replace(/[\\[]/g, '\\$&')}]`;
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
}
