/**
 * The real Codex CLI, installed on demand into the cache, one folder for each release.
 *
 * The npm package is a small launcher; the program is a native binary in a package for the
 * platform. Tests start the binary itself: a launcher in between would survive a kill of the
 * program, or the program a kill of the launcher.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { installOnce, npmInstall } from './cache.mjs';
import { CODEX } from './versions.mjs';

/**
 * How to start a program: put your own arguments after `args`.
 *
 * @typedef {{ readonly command: string, readonly args: readonly string[] }} Program
 */

/**
 * The folder below `vendor/<target>` that holds the binary: `bin`, in early releases `codex`.
 */
const binaryFolders = ['bin', 'codex'];

/**
 * Installs a release of the Codex CLI unless the cache has it, and says how to start it.
 *
 * @param {string} [version] a release on npm; the pinned one by default
 * @returns {Promise<Program>}
 */
export async function ensureCodex(version = CODEX) {
  const packages = await installOnce(`codex-${version}`, (folder) =>
    npmInstall([`@openai/codex@${version}`], folder),
  );
  const scope = path.join(packages, 'node_modules', '@openai');
  const binary = findBinary(path.join(scope, `codex-${process.platform}-${process.arch}`));
  if (binary !== undefined) {
    return { command: binary, args: [] };
  }
  const launcher = path.join(scope, 'codex', 'bin', 'codex.js');
  if (!existsSync(launcher)) {
    throw new Error(`Failed to find Codex ${version}: its package holds no program`);
  }
  return { command: process.execPath, args: [launcher] };
}

/**
 * @param {string} platformPackage
 * @returns {string | undefined}
 */
function findBinary(platformPackage) {
  const vendor = path.join(platformPackage, 'vendor');
  if (!existsSync(vendor)) {
    return undefined;
  }
  const name = process.platform === 'win32' ? 'codex.exe' : 'codex';
  return readdirSync(vendor)
    .flatMap((target) => binaryFolders.map((folder) => path.join(vendor, target, folder, name)))
    .find((candidate) => existsSync(candidate));
}
