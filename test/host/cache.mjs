import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** What the build of nearly every entry starts with. */
export { npmInstall } from './npm.mjs';

/** A build folder of this age belongs to a run that was killed: the slowest build takes well under a minute. */
const ABANDONED_AFTER_MS = 60 * 60 * 1000;

/**
 * The folder for what the tests fetch on demand. It is outside the repository, so that several clones share it.
 *
 * @returns {string}
 */
export function cacheFolder() {
  const chosen = process.env['EXEC_SERVER_TEST_CACHE'];
  if (chosen) {
    return path.resolve(chosen);
  }
  const base = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
  return path.join(base, 'exec-server-test');
}

/**
 * Returns the cache entry `name`, building it first if it is missing. The build happens in a folder beside the
 * entry that is renamed when complete, so an entry that exists is whole: a killed run leaves nothing half made,
 * and of two processes that race the later one discards its own work.
 *
 * @param {string} name must contain every version the content depends on
 * @param {(folder: string) => Promise<void> | void} build fills the given empty folder
 * @returns {Promise<string>} the folder of the entry
 */
export async function installOnce(name, build) {
  const root = cacheFolder();
  const entry = path.join(root, name);
  if (fs.existsSync(entry)) {
    return entry;
  }
  fs.mkdirSync(root, { recursive: true });
  removeAbandonedBuilds(root);
  const building = fs.mkdtempSync(path.join(root, `.building-${name}-`));
  try {
    console.error(`test host: fetching ${name} into ${root} (once)`);
    await build(building);
    publish(building, entry);
  } catch (cause) {
    throw new Error(`Failed to fetch ${name}: ${String(cause)}`, { cause });
  } finally {
    fs.rmSync(building, { recursive: true, force: true });
  }
  return entry;
}

/**
 * @param {string} building
 * @param {string} entry
 */
function publish(building, entry) {
  try {
    fs.renameSync(building, entry);
  } catch (error) {
    // A folder cannot be renamed onto one that has content: another process was faster, with the same content.
    if (!fs.existsSync(entry)) {
      throw error;
    }
  }
}

/** @param {string} root */
function removeAbandonedBuilds(root) {
  for (const name of fs.readdirSync(root)) {
    const folder = path.join(root, name);
    const isBuild = name.startsWith('.building-');
    if (isBuild && Date.now() - fs.statSync(folder).mtimeMs > ABANDONED_AFTER_MS) {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
}
