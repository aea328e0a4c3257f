import fs from 'node:fs';

/**
 * @param {number} pid
 * @returns {boolean}
 */
export function isRunning(pid) {
  try {
    process.kill(pid, 0);
    // An orphan that has ended stays in the table until the system's first process, in a container often a slow
    // one, takes note of it.
    return (
      process.platform !== 'linux' ||
      !fs.readFileSync(`/proc/${String(pid)}/stat`, 'utf8').includes(') Z ')
    );
  } catch {
    return false;
  }
}

/** @param {number} groupId */
export function killGroup(groupId) {
  killQuietly(-groupId);
}

/**
 * The processes whose environment has `name=value`. A child inherits its environment even where it leaves the
 * process group, so this finds what a detached child of a detached child started. Linux only; elsewhere, none.
 *
 * @param {string} name
 * @param {string} value
 * @returns {number[]} process ids
 */
export function findByEnvironment(name, value) {
  if (process.platform !== 'linux') {
    return [];
  }
  return fs
    .readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .filter((entry) => readEnvironment(entry).includes(`${name}=${value}`))
    .map(Number)
    .filter((pid) => pid !== process.pid);
}

/** @param {number[]} pids */
export function killAll(pids) {
  pids.forEach(killQuietly);
}

/** @param {string} pid */
function readEnvironment(pid) {
  try {
    return fs.readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // The process has ended since the folder was listed, or belongs to someone else.
    return [];
  }
}

/** @param {number} target a process id, or a negated group id */
function killQuietly(target) {
  try {
    process.kill(target, 'SIGKILL');
  } catch {
    // It has ended already, which is what was asked for.
  }
}
