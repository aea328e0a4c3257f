import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { installOnce } from './cache.mjs';
import { npmInstall, npmUnpack } from './npm.mjs';
import { CODE_SERVER, SERVER_NODE } from './versions.mjs';

/**
 * The server's native modules that have no prebuilt binary, and what replaces each. All others ship one.
 *
 * @type {Record<string, string>}
 */
const STAND_INS = {
  'node_modules/@vscode/spdlog/index.js': readStandIn('spdlog.cjs'),
  'node_modules/@vscode/native-watchdog/index.js': readStandIn('nativeWatchdog.cjs'),
};

/**
 * @typedef {object} VsCodeServerInstall
 * @property {string} folder where `out/server-main.js` is
 * @property {string} node the Node executable that runs it
 */

/**
 * Makes sure the VS Code web server is in the cache. It is the VS Code inside code-server's package, used without
 * code-server: its own command line rejects the flags that extension tests need.
 *
 * @returns {Promise<VsCodeServerInstall>}
 */
export async function ensureVsCodeServer() {
  if (process.platform === 'win32') {
    throw new Error(
      'Failed to get the VS Code server: it is packaged for Linux and macOS only; set VSCODE_TEST_DESKTOP',
    );
  }
  const nodePackage = `node-${process.platform}-${process.arch}`;
  const standInsHash = createHash('sha256').update(JSON.stringify(STAND_INS)).digest('hex');
  const name = `vscode-server-${CODE_SERVER}-${nodePackage}-${SERVER_NODE}-${standInsHash.slice(0, 8)}`;
  const entry = await installOnce(name, async (building) => {
    // One after the other: each npm is as fast as the disk, and two would only compete for it.
    await npmInstall([`${nodePackage}@${SERVER_NODE}`], building);
    const unpacked = await npmUnpack(`code-server@${CODE_SERVER}`, building);
    const server = path.join(building, 'server');
    fs.renameSync(path.join(unpacked, 'lib/vscode'), server);
    fs.rmSync(unpacked, { recursive: true });
    await npmInstall([], server);
    for (const [file, content] of Object.entries(STAND_INS)) {
      fs.writeFileSync(path.join(server, file), content);
    }
  });
  return {
    folder: path.join(entry, 'server'),
    node: path.join(entry, 'node_modules', nodePackage, 'bin/node'),
  };
}

/** @param {string} file */
function readStandIn(file) {
  return fs.readFileSync(path.join(import.meta.dirname, 'standIns', file), 'utf8');
}
