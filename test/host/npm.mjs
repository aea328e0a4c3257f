import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const execFileAsync = promisify(execFile);

/** Install scripts stay off: they need a compiler, and one of them refuses this Node version. */
const INSTALL_FLAGS = [
  '--ignore-scripts',
  '--engine-strict=false',
  '--prefer-offline',
  '--no-save',
  '--no-audit',
  '--no-fund',
  '--loglevel=error',
  // A release of the Codex CLI is more than a hundred megabytes: one lost connection must not fail a test run.
  '--fetch-retries=5',
];

/** What a nested npm must still know about the machine it runs on. */
const MACHINE_CONFIGURATION =
  /^npm_config_(?:cache|registry|proxy|https?_proxy|noproxy|cafile|userconfig|globalconfig)$/;

/**
 * The command and leading arguments that start npm. Inside `npm run` it is the npm that is running already.
 *
 * @returns {{ command: string, leadingArguments: string[], shell: boolean }}
 */
export function npmCommand() {
  const running = process.env['npm_execpath'];
  if (running !== undefined && path.basename(running) === 'npm-cli.js') {
    return { command: process.execPath, leadingArguments: [running], shell: false };
  }
  return { command: 'npm', leadingArguments: [], shell: process.platform === 'win32' };
}

/**
 * `npm run` hands its own configuration and the package's fields down as `npm_*` variables. A nested npm that
 * inherits them would act on the outer project, with the outer flags.
 *
 * @returns {NodeJS.ProcessEnv}
 */
function nestedEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !name.startsWith('npm_') || MACHINE_CONFIGURATION.test(name),
    ),
  );
}

/**
 * Runs npm in a folder and returns what it printed.
 *
 * @param {string[]} args
 * @param {string} folder
 * @returns {Promise<string>}
 */
export async function runNpm(args, folder) {
  const { command, leadingArguments, shell } = npmCommand();
  try {
    const { stdout } = await execFileAsync(command, [...leadingArguments, ...args], {
      cwd: folder,
      env: nestedEnvironment(),
      maxBuffer: 64 * 1024 * 1024,
      shell,
    });
    return stdout;
  } catch (cause) {
    throw new Error(`Failed to run npm ${args.join(' ')}: ${errorOutput(cause)}`, { cause });
  }
}

/**
 * Installs packages (`name@version`) into a folder, or, with an empty list, what the folder's own lock file names.
 *
 * @param {string[]} packages
 * @param {string} folder
 * @returns {Promise<void>}
 */
export async function npmInstall(packages, folder) {
  const manifest = path.join(folder, 'package.json');
  if (!fs.existsSync(manifest)) {
    // Without a manifest npm would climb to the nearest parent that has one and install there.
    fs.writeFileSync(manifest, '{ "private": true }\n');
  }
  await runNpm(['install', '--omit=dev', ...INSTALL_FLAGS, ...packages], folder);
}

/**
 * Downloads one package without its dependencies and unpacks it.
 *
 * @param {string} packageSpecifier `name@version`
 * @param {string} folder
 * @returns {Promise<string>} the unpacked package's folder
 */
export async function npmUnpack(packageSpecifier, folder) {
  const printed = await runNpm(
    ['pack', packageSpecifier, '--prefer-offline', '--loglevel=error'],
    folder,
  );
  const tarball = path.join(folder, printed.trim().split('\n').at(-1) ?? '');
  await execFileAsync('tar', ['xzf', tarball, '-C', folder]);
  fs.rmSync(tarball);
  return path.join(folder, 'package');
}

/**
 * @param {unknown} cause
 * @returns {string}
 */
function errorOutput(cause) {
  if (cause instanceof Error) {
    const printed = 'stderr' in cause && typeof cause.stderr === 'string' ? cause.stderr : '';
    return printed.trim() || cause.message;
  }
  return String(cause);
}
