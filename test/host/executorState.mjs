// Finds the executor that a VS Code profile has started, as a reloaded window would: by its state file.
import fs from 'node:fs';
import path from 'node:path';
import { WebSocket } from 'ws';

/** The extension's folder inside a workspace storage. */
const STORAGE_NAME = 'exec-server.exec-server-vscode';

/**
 * @typedef {object} ExecutorState
 * @property {number} pid
 * @property {number} port
 * @property {string} ownerToken
 */

/**
 * @param {string} userData the `User` folder of a profile
 * @returns {ExecutorState | undefined} that of the first workspace which has one
 */
export function findExecutorState(userData) {
  const storages = path.join(userData, 'workspaceStorage');
  if (!fs.existsSync(storages)) return undefined;
  for (const workspace of fs.readdirSync(storages)) {
    const file = path.join(storages, workspace, STORAGE_NAME, 'executor.json');
    if (!fs.existsSync(file)) continue;
    /** @type {ExecutorState} */
    const state = JSON.parse(fs.readFileSync(file, 'utf8'));
    return state;
  }
  return undefined;
}

/**
 * Asks the executor for the address of agents.
 *
 * @param {ExecutorState} state
 * @returns {Promise<string>} with the token
 */
export async function agentUrlOf({ port, ownerToken }) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/control`, {
    headers: { authorization: `Bearer ${ownerToken}` },
  });
  try {
    /** @type {{ listener: { url: string, token: string } }} */
    const snapshot = await new Promise((resolve, reject) => {
      socket.once('error', reject);
      socket.once('open', () => {
        const params = { clientName: 'start script' };
        socket.send(JSON.stringify({ id: 1, method: 'control/initialize', params }));
      });
      socket.on('message', (/** @type {Buffer} */ data) => {
        /** @type {{ id?: number, result?: typeof snapshot }} */
        const message = JSON.parse(data.toString());
        if (message.id === 1 && message.result !== undefined) resolve(message.result);
      });
    });
    const { url, token } = snapshot.listener;
    return `${url}?token=${token}`;
  } finally {
    socket.terminate();
  }
}
