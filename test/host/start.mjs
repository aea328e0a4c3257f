// `npm start`: opens a real VS Code with the packaged extension on a sample workspace, starts the server in it,
// says how to connect, and lets a small agent work there. Ctrl-C ends everything.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { launchBrowser } from './browser.mjs';
import { hasDesktop, openDesktop } from './desktop.mjs';
import { ExampleAgent, workInRounds } from './exampleAgent.mjs';
import { agentUrlOf, findExecutorState } from './executorState.mjs';
import { COLOR_THEMES } from './settings.mjs';
import { until } from './until.mjs';
import { startVsCodeServer } from './vscodeServer.mjs';
import { Workbench } from './workbench.mjs';
import { workbenchUrl } from './workbenchUrl.mjs';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const VSIX = path.join(REPOSITORY, 'exec-server.vsix');
const SAMPLE = path.join(REPOSITORY, 'test/fixtures/workspace');
const STATUS_ITEM = 'exec-server.exec-server-vscode.execServer.status';

/** A person has to click in the desktop window; the web workbench is driven by this script. */
const START_TIMEOUT_MS = 600_000;

/** @type {(() => Promise<unknown> | void)[]} */
const cleanUps = [];
const stopping = new AbortController();

async function stop() {
  if (stopping.signal.aborted) return;
  stopping.abort();
  for (const cleanUp of cleanUps.reverse()) await cleanUp();
}

async function main() {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'exec-server-start-'));
  cleanUps.push(() => {
    fs.rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });
  const workspace = path.join(root, 'greeter');
  fs.cpSync(SAMPLE, workspace, { recursive: true });

  const wantsDesktop = process.env['EXEC_SERVER_START'] !== 'web' && (await hasDesktop());
  const userData = wantsDesktop
    ? await startInDesktop(root, workspace)
    : await startInWeb(root, workspace);
  const state = await until(
    'the server to start',
    () => findExecutorState(userData),
    (found) => found !== undefined,
    START_TIMEOUT_MS,
  );
  if (state === undefined) return;
  const url = await agentUrlOf(state);
  console.log(
    `Agent: CODEX_EXEC_SERVER_URL='${url}' codex --sandbox danger-full-access -C '${workspace}'`,
  );

  const agent = await ExampleAgent.connect(url, workspace);
  cleanUps.push(() => agent.close());
  console.log('An example agent is at work; look at the Exec Server view. Ctrl-C ends everything.');
  // Whatever a person does to the agent in the window (stop, switch off, terminate) is no failure of this script.
  workInRounds(agent, stopping.signal).catch((/** @type {unknown} */ error) => {
    if (!stopping.signal.aborted) console.log(`The example agent stopped: ${String(error)}`);
  });
}

/**
 * @param {string} root
 * @param {string} folder
 */
async function startInWeb(root, folder) {
  const server = await startVsCodeServer({
    vsix: VSIX,
    dataDir: path.join(root, 'vscode'),
    settings: { 'workbench.colorTheme': COLOR_THEMES.dark },
  });
  cleanUps.push(() => server.stop());
  // A window of our own makes the one click that starts the server, and keeps it while nobody else looks.
  const browser = await launchBrowser({ callerHandlesSignals: true });
  cleanUps.push(() => browser.close());
  const workbench = await Workbench.open(browser, server.port, { folder });
  await workbench.waitForStatus(STATUS_ITEM, /off/i);
  await workbench.runCommand('Exec Server: Start');
  await workbench.waitForStatus(STATUS_ITEM, /local/i);
  console.log(`Workbench: ${workbenchUrl(server.port, { folder })}`);
  return path.join(server.root, 'data/User');
}

/**
 * @param {string} root
 * @param {string} folder
 */
async function startInDesktop(root, folder) {
  const desktop = await openDesktop({ root: path.join(root, 'vscode'), vsix: VSIX, folder });
  cleanUps.push(() => desktop.stop());
  console.log(
    'Workbench: the VS Code window that opens. Trust the folder and run "Exec Server: Start".',
  );
  return desktop.userData;
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    void stop().then(() => process.exit(0));
  });
}

try {
  await main();
} catch (error) {
  console.error(error);
  await stop();
  process.exitCode = 1;
}
