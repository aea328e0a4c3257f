#!/usr/bin/env node
// Stands in for the `code` executable of desktop VS Code: takes the arguments of `@vscode/test-electron`, runs the
// tests in the extension host of the VS Code web server, prints what they print, and exits with their exit code.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { launchBrowser } from './browser.mjs';
import { parseDesktopArguments } from './desktopArguments.mjs';
import { startVsCodeServer } from './vscodeServer.mjs';
import { workbenchUrl } from './workbenchUrl.mjs';

/** The codes that `sysexits.h` and the shell use for the same things. */
const EXIT = { usage: 64, hostFailed: 70, timedOut: 124, interrupted: 130 };

/** A whole test run takes well under a minute; a run that hangs has to end before a CI job does. */
const DEFAULT_TIMEOUT_MS = 15 * 60 * 1000;

const FORWARD_MS = 100;

/**
 * @typedef {object} Outcome
 * @property {number} exitCode
 * @property {string} [problem] why the tests gave no exit code
 */

/** @type {(outcome: Outcome) => void} */
let conclude;
/** @type {Promise<Outcome>} */
const concluded = new Promise((resolve) => {
  conclude = resolve;
});

/** @type {import('./vscodeServer.mjs').VsCodeServer | undefined} */
let server;
/** @type {import('playwright-core').Browser | undefined} */
let browser;

/** @param {unknown} error */
function hostFailed(error) {
  const problem = error instanceof Error ? (error.stack ?? error.message) : String(error);
  conclude({ exitCode: EXIT.hostFailed, problem });
}

/**
 * @param {import('./desktopArguments.mjs').DesktopArguments} request
 * @param {string} output
 */
async function startTests(request, output) {
  server = await startVsCodeServer({
    extensionsDir: request.extensionsDir,
    testDriver: true,
    logFile: process.env['EXEC_SERVER_TEST_LOG'],
    env: {
      EXEC_SERVER_TEST_OUTPUT: output,
      EXEC_SERVER_TEST_SCRIPT: request.extensionTestsPath,
    },
  });
  server.child.once('exit', () => {
    hostFailed('the VS Code server exited');
  });
  browser = await launchBrowser({ callerHandlesSignals: true });
  const page = await browser.newPage();
  page.once('crash', () => {
    hostFailed('the page crashed');
  });
  // The workbench looks for these two names when it has been given tests to run.
  await page.exposeFunction('codeAutomationExit', (/** @type {number} */ exitCode) => {
    conclude({ exitCode });
  });
  await page.exposeFunction(
    'codeAutomationLog',
    (/** @type {string} */ level, /** @type {unknown[]} */ values) => {
      if (process.env['EXEC_SERVER_TEST_DEBUG']) {
        console.error(`[workbench ${level}]`, ...values);
      }
    },
  );
  await page.goto(
    workbenchUrl(server.port, {
      folder: request.folder,
      workspace: request.workspace,
      extensionDevelopmentPaths: request.extensionDevelopmentPaths,
      extensionTestsPath: path.join(import.meta.dirname, 'extensionHostRunner.cjs'),
    }),
  );
}

/**
 * Prints what is added to a file, until the returned function is called.
 *
 * @param {string} file
 */
function forward(file) {
  fs.writeFileSync(file, '');
  const descriptor = fs.openSync(file, 'r');
  const buffer = Buffer.alloc(64 * 1024);
  const print = () => {
    // Without a position each read goes on where the last one ended.
    for (let size = 1; size > 0;) {
      size = fs.readSync(descriptor, buffer, 0, buffer.length, null);
      process.stdout.write(Buffer.from(buffer.subarray(0, size)));
    }
  };
  const timer = setInterval(print, FORWARD_MS);
  return () => {
    clearInterval(timer);
    print();
    fs.closeSync(descriptor);
  };
}

/** @param {import('./desktopArguments.mjs').DesktopArguments} request */
async function run(request) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'exec-server-shim-'));
  const output = path.join(folder, 'output');
  const stopForwarding = forward(output);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      conclude({ exitCode: EXIT.interrupted, problem: `ended by ${signal}` });
    });
  }
  const timeoutMs = Number(process.env['EXEC_SERVER_TEST_TIMEOUT_MS'] ?? DEFAULT_TIMEOUT_MS);
  const timer = setTimeout(() => {
    conclude({ exitCode: EXIT.timedOut, problem: `no result after ${String(timeoutMs)} ms` });
  }, timeoutMs);
  const starting = startTests(request, output).catch(hostFailed);

  const { exitCode, problem } = await concluded;
  clearTimeout(timer);
  // Before the clean-up, which takes a moment: the caller stops reading as soon as this process ends.
  stopForwarding();
  if (problem !== undefined) {
    console.error(`code shim: ${problem}\n${server?.tail() ?? ''}`);
  }
  // A start that is under way could otherwise bring up a server that nobody stops.
  await starting;
  await browser?.close();
  await server?.stop();
  fs.rmSync(folder, { recursive: true, force: true });
  return exitCode;
}

try {
  process.exit(await run(parseDesktopArguments(process.argv.slice(2))));
} catch (error) {
  console.error(error);
  process.exit(EXIT.usage);
}
