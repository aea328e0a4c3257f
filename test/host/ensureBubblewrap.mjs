/**
 * Bubblewrap for the tests of sandboxes: the system's, or installed by its package manager where the tests may do
 * that.
 */
import { spawnSync } from 'node:child_process';

/** The title of tests that cannot run without it. */
export const NO_BUBBLEWRAP = 'skipped: no bwrap';

/**
 * Whether bubblewrap can set up a sandbox on this machine. Tries to install it once, as root with apt.
 *
 * @returns {boolean}
 */
export function ensureBubblewrap() {
  if (process.platform !== 'linux') return false;
  if (worksHere()) return true;
  const isInstalled = spawnSync('bwrap', ['--version']).status === 0;
  if (isInstalled || process.getuid?.() !== 0 || spawnSync('apt-get', ['--version']).status !== 0) {
    return false;
  }
  const options = { stdio: /** @type {const} */ ('ignore'), timeout: 120_000 };
  spawnSync('apt-get', ['update'], options);
  spawnSync('apt-get', ['install', '--yes', '--no-install-recommends', 'bubblewrap'], options);
  return worksHere();
}

function worksHere() {
  const mounts = ['--ro-bind', '/', '/', '--dev', '/dev', '--proc', '/proc'];
  const spaces = ['--unshare-user', '--unshare-pid', '--unshare-net'];
  return spawnSync('bwrap', [...spaces, ...mounts, '--', 'true']).status === 0;
}
