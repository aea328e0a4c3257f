import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCodeOf } from '../../base/errors';

/** A plugin in the cache of Codex: `plugins/cache/<marketplace>/<name>/<version>`. */
export interface InstalledPlugin {
  readonly id: string;
  readonly version: string;
  readonly root: string;
}

/** What Codex puts in place of a version when a plugin is developed on this machine. */
const LOCAL_VERSION = 'local';

const namePattern = /^[A-Za-z0-9_-]+$/;
const versionPattern = /^(?!\.{1,2}$)[A-Za-z0-9._+-]+$/;
const semanticVersion = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** Every plugin in its newest version, by id. */
export async function findInstalledPlugins(codexHome: string): Promise<InstalledPlugin[]> {
  const cache = join(codexHome, 'plugins', 'cache');
  const found: InstalledPlugin[] = [];
  for (const marketplace of await foldersIn(cache, namePattern)) {
    for (const name of await foldersIn(join(cache, marketplace), namePattern)) {
      const folder = join(cache, marketplace, name);
      const [version] = (await foldersIn(folder, versionPattern)).sort(newestFirst);
      if (version === undefined) continue;
      found.push({ id: `${name}@${marketplace}`, version, root: join(folder, version) });
    }
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Folders themselves, not links to some. */
async function foldersIn(path: string, pattern: RegExp): Promise<string[]> {
  try {
    const entries = await readdir(path, { withFileTypes: true });
    return entries
      .filter((entry) => entry.isDirectory() && pattern.test(entry.name))
      .map(({ name }) => name);
  } catch (error) {
    // A system error: there is no cache, or none this user may look into.
    if (errnoCodeOf(error) === undefined) throw error;
    return [];
  }
}

/** Orders versions; those that are not semantic ones by their text. */
export function newestFirst(a: string, b: string): number {
  if (a === LOCAL_VERSION || b === LOCAL_VERSION) return a === LOCAL_VERSION ? -1 : 1;
  const [first, second] = [semanticVersion.exec(a), semanticVersion.exec(b)];
  const byMeaning = first === null || second === null ? 0 : compareVersions(first, second);
  return -(byMeaning === 0 ? compareTexts(a, b) : byMeaning);
}

function compareVersions(a: RegExpExecArray, b: RegExpExecArray): number {
  for (const part of [1, 2, 3]) {
    const difference = Number(a[part]) - Number(b[part]);
    if (difference !== 0) return difference;
  }
  const [early, other] = [a[4], b[4]];
  // What comes before a release is older than it.
  if (early === undefined || other === undefined) {
    return Number(early === undefined) - Number(other === undefined);
  }
  return early.localeCompare(other, 'en', { numeric: true });
}

function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
