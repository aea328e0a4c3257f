import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { findByEnvironment, isRunning, killAll, killGroup } from './processes.mjs';
import { QUIET_SETTINGS } from './settings.mjs';
import { until } from './until.mjs';
import { ensureVsCodeServer } from './vscodeServerInstall.mjs';

/** The server listens within a second; the rest is for a machine that is busy. */
const START_TIMEOUT_MS = 180_000;

/** An extension host gives its extensions five seconds to deactivate before it exits, and a slow one takes its time. */
const DEACTIVATE_TIMEOUT_MS = 20_000;

/** As much of the server's output as an error message can carry. */
const TAIL_CHARACTERS = 8_000;

/** Marks every process that a server starts, directly or not, with the id of the run. */
const RUN_VARIABLE = 'EXEC_SERVER_TEST_RUN';

/** Of the surrounding npm, Vitest, VS Code, Electron or Codex; each would change how the server or an extension behaves. */
const FOREIGN_VARIABLE =
  /^(?:npm_|VITEST|VSCODE_|ELECTRON_|CODE_SERVER_|CODEX_|NODE_(?:ENV|OPTIONS|PATH|CHANNEL_FD)$|XDG_RUNTIME_DIR$)/;

const execFileAsync = promisify(execFile);

/**
 * @typedef {object} VsCodeServerOptions
 * @property {string | undefined} [dataDir] server data, kept by `stop`; by default a fresh folder that `stop` removes
 * @property {string | undefined} [extensionsDir] by default a folder inside the data
 * @property {string | undefined} [vsix] a packaged extension to install first
 * @property {boolean | undefined} [testDriver] honour `extensionTestsPath` in the URL; suppresses notification toasts
 * @property {Record<string, unknown> | undefined} [settings] user settings on top of the quiet ones
 * @property {Record<string, unknown> | undefined} [machineSettings] settings of this machine; the only ones that count for `machine` scope
 * @property {Record<string, string> | undefined} [env] environment of the server and its extension host
 * @property {string | undefined} [logFile] receives the server's whole output
 */

/**
 * @typedef {object} VsCodeServer
 * @property {number} port on 127.0.0.1
 * @property {string} root the data folder
 * @property {import('node:child_process').ChildProcess} child
 * @property {() => string} tail the end of the server's output
 * @property {() => number[]} processes every process of this run, also detached ones; on Linux only
 * @property {() => Promise<void>} stop ends every process of this run and removes the data folder; may be called twice
 */

/**
 * Starts a VS Code web server on a fresh profile.
 *
 * `stop` first lets extensions deactivate, then kills the server's process group. A detached child of an extension
 * is in a group of its own. On Linux `stop` finds it by its environment; on other systems, and where a program
 * starts children with an environment of its own making, the test has to end it before it calls `stop`.
 *
 * @param {VsCodeServerOptions} [options]
 * @returns {Promise<VsCodeServer>}
 */
export async function startVsCodeServer(options = {}) {
  const install = await ensureVsCodeServer();
  const root =
    options.dataDir === undefined
      ? fs.mkdtempSync(path.join(os.tmpdir(), 'exec-server-host-'))
      : path.resolve(options.dataDir);
  const run = new ServerRun(root, options.dataDir === undefined);
  try {
    writeProfile(root, options);
    const env = serverEnvironment(root, run.id, options.env);
    const commonArguments = [
      'out/server-main.js',
      '--accept-server-license-terms',
      `--server-data-dir=${root}`,
      `--extensions-dir=${path.resolve(options.extensionsDir ?? path.join(root, 'extensions'))}`,
    ];
    if (options.vsix !== undefined) {
      const vsix = path.resolve(options.vsix);
      await execFileAsync(install.node, [...commonArguments, `--install-extension=${vsix}`], {
        cwd: install.folder,
        env,
      });
    }
    const child = spawn(
      install.node,
      [...commonArguments, ...listenArguments(options.testDriver ?? false)],
      { cwd: install.folder, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true },
    );
    run.adopt(child, options.logFile);
    const port = await run.waitForPort();
    return {
      port,
      root,
      child,
      tail: () => run.tail,
      processes: () => run.processes(),
      stop: () => run.stop(),
    };
  } catch (cause) {
    await run.stop();
    throw new Error(`Failed to start the VS Code server: ${String(cause)}`, { cause });
  }
}

/** One run of the server, from its data folder to its last process. */
class ServerRun {
  id = randomUUID();
  tail = '';
  /** @type {import('node:child_process').ChildProcess | undefined} */
  child;
  /** @type {number[]} */
  extensionHostPids = [];
  /** @type {fs.WriteStream | undefined} */
  log;
  /** @type {Promise<void> | undefined} */
  stopping;

  /**
   * @param {string} root
   * @param {boolean} ownsRoot
   */
  constructor(root, ownsRoot) {
    this.root = root;
    this.ownsRoot = ownsRoot;
    // A test process that ends without `stop`, as after an uncaught exception, must not leave a server behind.
    this.abandon = () => {
      this.killEverything();
      this.removeRoot();
    };
    process.once('exit', this.abandon);
  }

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {string | undefined} logFile
   */
  adopt(child, logFile) {
    this.child = child;
    this.log = logFile === undefined ? undefined : fs.createWriteStream(logFile);
    const onData = (/** @type {Buffer} */ data) => {
      this.log?.write(data);
      const text = data.toString();
      this.tail = (this.tail + text).slice(-TAIL_CHARACTERS);
      for (const [, pid] of text.matchAll(/<(\d+)> Launched Extension Host/g)) {
        this.extensionHostPids.push(Number(pid));
      }
    };
    child.stdout?.on('data', onData);
    child.stderr?.on('data', onData);
    child.once('error', (error) => {
      this.tail += String(error);
    });
  }

  /** @returns {Promise<number>} */
  async waitForPort() {
    const announced = () => /agent listening on (\d+)/.exec(this.tail)?.[1];
    await until(
      'the server to listen',
      () => ({ port: announced(), hasEnded: this.hasEnded(), output: this.tail }),
      ({ port, hasEnded }) => port !== undefined || hasEnded,
      START_TIMEOUT_MS,
    );
    const port = announced();
    if (port === undefined) {
      throw new Error(`the server exited\n${this.tail}`);
    }
    return Number(port);
  }

  processes() {
    return findByEnvironment(RUN_VARIABLE, this.id);
  }

  stop() {
    this.stopping ??= this.stopOnce();
    return this.stopping;
  }

  async stopOnce() {
    await this.endGracefully();
    this.killEverything();
    await this.waitForEnd();
    this.log?.end();
    this.removeRoot();
    process.off('exit', this.abandon);
  }

  /** A signal to the server alone: extension hosts notice and deactivate, as they do when VS Code is closed. */
  async endGracefully() {
    this.child?.kill('SIGTERM');
    try {
      await until(
        'the extension hosts to end',
        () => this.hasEnded() && !this.extensionHostPids.some(isRunning),
        Boolean,
        DEACTIVATE_TIMEOUT_MS,
      );
    } catch {
      // The kill that follows needs no cooperation.
    }
  }

  killEverything() {
    if (this.child?.pid !== undefined) {
      killGroup(this.child.pid);
    }
    killAll(this.processes());
  }

  /** The data folder can be removed only when nobody writes into it. */
  async waitForEnd() {
    if (this.child?.pid !== undefined && !this.hasEnded()) {
      await once(this.child, 'exit');
    }
    await until(
      'every process to end',
      () => {
        // Again each time: a process can start another one just before it is killed.
        const pids = this.processes();
        killAll(pids);
        return pids;
      },
      (pids) => pids.length === 0,
    );
  }

  hasEnded() {
    const child = this.child;
    return child?.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  }

  removeRoot() {
    if (this.ownsRoot) {
      fs.rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    }
  }
}

/**
 * @param {string} root
 * @param {Pick<VsCodeServerOptions, 'settings' | 'machineSettings'>} options
 */
function writeProfile(root, { settings, machineSettings }) {
  fs.mkdirSync(path.join(root, 'tmp'), { recursive: true });
  writeSettings(path.join(root, 'data/User'), { ...QUIET_SETTINGS, ...settings });
  writeSettings(path.join(root, 'data/Machine'), { ...machineSettings });
}

/**
 * @param {string} folder
 * @param {Record<string, unknown>} settings
 */
function writeSettings(folder, settings) {
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'settings.json'), JSON.stringify(settings, undefined, 2));
}

/**
 * @param {string} root
 * @param {string} runId
 * @param {Record<string, string> | undefined} extra
 * @returns {NodeJS.ProcessEnv}
 */
function serverEnvironment(root, runId, extra) {
  const inherited = Object.entries(process.env).filter(([name]) => !FOREIGN_VARIABLE.test(name));
  return {
    ...Object.fromEntries(inherited),
    // VS Code leaves its sockets in the temp folder when it is killed; this one goes with the data.
    TMPDIR: path.join(root, 'tmp'),
    // What is started keeps nothing outside the data either.
    XDG_CACHE_HOME: path.join(root, 'caches'),
    ...extra,
    [RUN_VARIABLE]: runId,
  };
}

/** @param {boolean} testDriver */
function listenArguments(testDriver) {
  return [
    '--host=127.0.0.1',
    '--port=0',
    '--without-connection-token',
    '--disable-telemetry',
    '--disable-experiments',
    '--disable-workspace-trust',
    // Otherwise a login shell runs first, and every extension host waits for it, up to ten seconds.
    '--force-disable-user-env',
    // Seconds. Otherwise an extension host whose page has gone is kept for three hours.
    '--reconnection-grace-time=2',
    // Otherwise a built workbench ignores the extension paths in its URL, and a test run hangs.
    ...(testDriver ? ['--enable-smoke-test-driver'] : []),
  ];
}
