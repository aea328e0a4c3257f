// A desktop VS Code that is installed on this machine, with the packaged extension in a profile of its own.
import { execFile, spawn } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/** Cold starts of a desktop application on a busy machine. */
const VERSION_TIMEOUT_MS = 20_000;

/** @returns {Promise<boolean>} whether `code` can open a window here */
export async function hasDesktop() {
  const needsDisplay = process.platform === 'linux';
  if (needsDisplay && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return false;
  try {
    await execFileAsync('code', ['--version'], { timeout: VERSION_TIMEOUT_MS, shell: onWindows });
    return true;
  } catch {
    // Not installed, or not usable from here: the web workbench serves everybody.
    return false;
  }
}

const onWindows = process.platform === 'win32';

/**
 * @param {{ root: string, vsix: string, folder: string }} options `root`: the profile's folder
 * @returns {Promise<{ userData: string, stop: () => void }>}
 */
export async function openDesktop({ root, vsix, folder }) {
  const profile = ['--user-data-dir', root, '--extensions-dir', path.join(root, 'extensions')];
  const install = [...profile, '--install-extension', vsix];
  await execFileAsync('code', install, { shell: onWindows });
  const window = spawn('code', [...profile, '--new-window', '--wait', folder], {
    shell: onWindows,
    stdio: 'ignore',
  });
  return { userData: path.join(root, 'User'), stop: () => window.kill() };
}
