// Runs before `npm test` and `npm start`, so that either is the only command a fresh clone needs. Nothing is
// installed yet at that point: this file and what it imports use Node's built-in modules only.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { npmCommand } from './npm.mjs';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const LOCK_FILE = path.join(REPOSITORY, 'package-lock.json');

/** npm writes this copy of the lock file as the last step of an install, so its time is the time of the install. */
const INSTALL_STAMP = path.join(REPOSITORY, 'node_modules/.package-lock.json');

/** @param {string} file */
function modifiedMs(file) {
  return fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs;
}

const installedMs = modifiedMs(INSTALL_STAMP);
const lockedMs = modifiedMs(LOCK_FILE);
if (installedMs === undefined || (lockedMs !== undefined && installedMs < lockedMs)) {
  const { command, leadingArguments, shell } = npmCommand();
  const verb = lockedMs === undefined ? 'install' : 'ci';
  const { status, error } = spawnSync(
    command,
    [...leadingArguments, verb, '--no-audit', '--no-fund'],
    { cwd: REPOSITORY, stdio: 'inherit', shell },
  );
  if (error !== undefined) {
    console.error(`Failed to install dependencies: ${error.message}`);
  }
  process.exitCode = status ?? 1;
}
