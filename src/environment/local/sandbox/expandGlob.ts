import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCodeOf } from '../../../base/errors';
import type { Limits } from '../../../base/limits';
import { globExpression } from './globExpression';
import { cannotKeepRule } from './sandboxErrors';
import { isOursToOpen } from './tracePath';

/** What a pattern may cost. */
export type GlobLimits = Pick<Limits, 'maxSandboxGlobEntries' | 'maxSandboxGlobMatches'>;

/**
 * What an absolute pattern of `*`, `?`, `[…]` and `**` matches now. Links are not entered. What it will
 * match later is not known, and the measured peer does not cover it either.
 *
 * @throws RpcError when it cannot be understood, or there is more to look at than the limits allow: a rule
 * kept in part is not kept.
 */
export async function expandGlob(pattern: string, limits: GlobLimits): Promise<string[]> {
  const expression = globExpression(pattern);
  const { fixedNames, length, isDeep } = expression;
  if (fixedNames.length === length) return [`/${fixedNames.join('/')}`];
  const matches: string[] = [];
  let looked = 0;
  const pending = [{ path: `/${fixedNames.join('/')}`, depth: fixedNames.length }];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    for (const entry of await entriesOf(folder.path, pattern)) {
      looked += 1;
      const path = join(folder.path, entry.name);
      if (expression.matches(path)) matches.push(path);
      if (looked > limits.maxSandboxGlobEntries || matches.length > limits.maxSandboxGlobMatches) {
        throw cannotKeepRule(pattern, 'there are too many files to compare it with');
      }
      const goesOn = isDeep || folder.depth + 1 < length;
      if (entry.isDirectory() && goesOn) pending.push({ path, depth: folder.depth + 1 });
    }
  }
  return matches;
}

/** A folder of another user is closed to the program too; one of ours it may open again. */
async function entriesOf(folder: string, pattern: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (errnoCodeOf(error) !== 'EACCES' || !isOursToOpen(folder)) return [];
    throw cannotKeepRule(pattern, `${folder} cannot be listed; make it readable for its owner`);
  }
}
