import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { chromium } from 'playwright-core';
import { installOnce } from './cache.mjs';
import { npmInstall } from './npm.mjs';
import { CHROMIUM } from './versions.mjs';

const SYSTEM_BROWSERS = [
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

const LAUNCH_ARGUMENTS = [
  // Containers: the sandbox is not available to root, and /dev/shm is often too small for a renderer.
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  // A test page is never in front; its timers must not be slowed down for that.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
  // Nothing here is worth a request to the outside.
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
];

/** A bound against hanging; the first start on a busy machine reads the whole program from disk. */
const LAUNCH_TIMEOUT_MS = 120_000;

/**
 * @typedef {object} ChromiumInstall
 * @property {string} executablePath
 * @property {Record<string, string>} [env] what the browser needs beside the environment of this process
 */

/**
 * Finds a Chromium: `CHROMIUM_PATH`, else one installed on the machine, else one from the npm registry.
 *
 * @returns {Promise<ChromiumInstall>}
 */
export async function ensureChromium() {
  const chosen = process.env['CHROMIUM_PATH'];
  if (chosen) {
    if (!fs.existsSync(chosen)) {
      throw new Error(`Failed to start Chromium: CHROMIUM_PATH names ${chosen}, which is missing`);
    }
    return { executablePath: chosen };
  }
  const installed = SYSTEM_BROWSERS.find((file) => fs.existsSync(file));
  if (installed !== undefined) {
    return { executablePath: installed };
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      'Failed to start Chromium: none is installed, and the npm registry has one for Linux x64 only',
    );
  }
  return packagedChromium();
}

/**
 * @typedef {object} BrowserOptions
 * @property {boolean | undefined} [callerHandlesSignals] otherwise a signal closes the browser and ends this process
 */

/**
 * Launches Chromium, headless unless `HEADED` is set. The caller closes it.
 *
 * @param {BrowserOptions} [options]
 * @returns {Promise<import('playwright-core').Browser>}
 */
export async function launchBrowser(options = {}) {
  const endsProcess = !(options.callerHandlesSignals ?? false);
  const { executablePath, env } = await ensureChromium();
  return chromium.launch({
    executablePath,
    args: LAUNCH_ARGUMENTS,
    timeout: LAUNCH_TIMEOUT_MS,
    headless: !process.env['HEADED'],
    handleSIGINT: endsProcess,
    handleSIGTERM: endsProcess,
    handleSIGHUP: endsProcess,
    ...(env === undefined ? {} : { env: { ...definedEnvironment(), ...env } }),
  });
}

/**
 * `@sparticuz/chromium` is made for cloud functions. Only its binaries are used: its own code unpacks into a shared
 * temp folder and asks for a single process.
 *
 * @returns {Promise<ChromiumInstall>}
 */
async function packagedChromium() {
  const entry = await installOnce(`chromium-${CHROMIUM}`, async (building) => {
    await npmInstall([`@sparticuz/chromium@${CHROMIUM}`], building);
    const packed = path.join(building, 'node_modules/@sparticuz/chromium/bin');
    fs.writeFileSync(path.join(building, 'chromium'), unbrotli(packed, 'chromium.br'), {
      mode: 0o755,
    });
    for (const archive of ['al2023.tar.br', 'fonts.tar.br', 'swiftshader.tar.br']) {
      execFileSync('tar', ['xf', '-', '-C', building], { input: unbrotli(packed, archive) });
    }
    fs.rmSync(path.join(building, 'node_modules'), { recursive: true });
  });
  // A bare machine has neither NSS nor a font configuration; the package brings both.
  const libraries = [path.join(entry, 'lib'), process.env['LD_LIBRARY_PATH']];
  const hasFonts = fs.existsSync('/etc/fonts/fonts.conf');
  return {
    executablePath: path.join(entry, 'chromium'),
    env: {
      LD_LIBRARY_PATH: libraries.filter(Boolean).join(':'),
      FONTCONFIG_PATH: hasFonts ? '/etc/fonts' : path.join(entry, 'fonts'),
    },
  };
}

/**
 * @param {string} folder
 * @param {string} file
 */
function unbrotli(folder, file) {
  return zlib.brotliDecompressSync(fs.readFileSync(path.join(folder, file)));
}

/** @returns {Record<string, string>} */
function definedEnvironment() {
  /** @type {Record<string, string>} */
  const defined = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined) {
      defined[name] = value;
    }
  }
  return defined;
}
