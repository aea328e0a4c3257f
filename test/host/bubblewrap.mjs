/**
 * Bubblewrap for the tests of sandboxes: the system's, or installed by its package manager where the tests may do
 * that.
 */
import { spawnSync } from 'node:child_process';

/** The title of tests that cannot run without it. */
export const NO_BUBBLEWRAP = 'skipped: no bwrap';

/**
 * Installs bubblewrap where it is missing and the tests may do that: as root with apt. Called before the tests
 * begin, because two at a time would stand in each other's way.
 */
export function installBubblewrap() {
  if (process.platform !== 'linux' || spawnSync('bwrap', ['--version']).status === 0) return;
  if (process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) return;
  const options = { stdio: /** @type {const} */ ('ignore'), timeout: 120_000 };
  spawnSync('apt-get', ['update'], options);
  spawnSync('apt-get', ['install', '--yes', '--no-install-recommends', 'bubblewrap'], options);
}

/**
 * Whether bubblewrap can set up a sandbox on this machine.
 *
 * @returns {boolean}
 */
export function hasBubblewrap() {
  if (process.platform !== 'linux') return false;
  const mounts = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'];
  const spaces = ['--unshare-user', '--unshare-pid', '--unshare-net'];
  return spawnSync('bwrap', [...spaces, ...mounts, '--', 'true']).status === 0;
}
