// Runs test/extension inside an extension host: that of the VS Code web server, or, where VSCODE_TEST_DESKTOP names
// a version ("stable", "1.100.0"), that of a desktop VS Code, which `@vscode/test-electron` downloads.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { ensureChromium } from './browser.mjs';
import { cacheFolder } from './cache.mjs';
import { ensureCodex } from './codex.mjs';
import { ensureVsCodeServer } from './vscodeServerInstall.mjs';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const TESTS = path.join(REPOSITORY, 'test/extension');
const BUNDLES = path.join(REPOSITORY, 'out/extension-tests');
const WORKSPACE_FIXTURE = path.join(REPOSITORY, 'test/fixtures/workspace');

/** One bundle for each test file, beside the entry, which finds them by their names. */
async function bundleTests() {
  // A bundle whose source is gone would still be found and run.
  fs.rmSync(BUNDLES, { recursive: true, force: true });
  const names = fs.readdirSync(TESTS).filter((name) => name.endsWith('.test.ts'));
  await build({
    entryPoints: ['index.ts', ...names].map((name) => path.join(TESTS, name)),
    outdir: BUNDLES,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    sourcemap: 'inline',
    external: ['vscode', 'mocha', 'node-pty', 'bufferutil', 'utf-8-validate'],
    logLevel: 'warning',
  });
}

/** @param {string} folder */
function createWorkspace(folder) {
  if (fs.existsSync(WORKSPACE_FIXTURE)) {
    fs.cpSync(WORKSPACE_FIXTURE, folder, { recursive: true });
  } else {
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, 'hello.txt'), 'hello\n');
  }
}

/** @returns {Promise<{ version: string } | { vscodeExecutablePath: string }>} */
async function chooseHost() {
  // Here and not in the tests or the shim: a download must not count against the time limit.
  await ensureCodex();
  const version = process.env['VSCODE_TEST_DESKTOP'];
  if (version) {
    return { version };
  }
  await ensureVsCodeServer();
  await ensureChromium();
  return { vscodeExecutablePath: path.join(import.meta.dirname, 'codeShim.mjs') };
}

const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'exec-server-extension-'));
try {
  const workspace = path.join(scratch, 'workspace');
  createWorkspace(workspace);
  await bundleTests();
  await runTests({
    ...(await chooseHost()),
    extensionDevelopmentPath: REPOSITORY,
    extensionTestsPath: path.join(BUNDLES, 'index.js'),
    // The extension host has a cache folder of its own; what the tests fetched is not there.
    extensionTestsEnv: { EXEC_SERVER_TEST_CACHE: cacheFolder() },
    launchArgs: [
      workspace,
      '--disable-extensions',
      // Otherwise both are kept in the repository, and one run would see what another one left.
      `--extensions-dir=${path.join(scratch, 'extensions')}`,
      `--user-data-dir=${path.join(scratch, 'user')}`,
    ],
  });
  console.log('extension tests: passed');
} catch (error) {
  process.exitCode = 1;
  console.log(
    `extension tests: FAILED (${error instanceof Error ? error.message : String(error)})`,
  );
} finally {
  fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
