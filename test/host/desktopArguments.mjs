import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What `@vscode/test-electron` asks of the `code` executable, as far as a web server can do it.
 *
 * @typedef {object} DesktopArguments
 * @property {string[]} extensionDevelopmentPaths
 * @property {string} extensionTestsPath the script itself, with its file name extension
 * @property {string | undefined} extensionsDir
 * @property {string | undefined} folder
 * @property {string | undefined} workspace
 */

/** Options that are followed by a value where it is not attached with `=`. Every other option is a switch. */
const VALUE_OPTIONS = new Set([
  'extensionDevelopmentPath',
  'extensionTestsPath',
  'extensions-dir',
  'user-data-dir',
  'folder-uri',
  'file-uri',
]);

/**
 * Switches are ignored, and so is `--user-data-dir`: each run has a fresh profile.
 *
 * @param {string[]} args
 * @returns {DesktopArguments}
 */
export function parseDesktopArguments(args) {
  const { values, positional } = splitArguments(args);
  const extensionDevelopmentPaths = values.get('extensionDevelopmentPath') ?? [];
  const tests = values.get('extensionTestsPath')?.at(-1);
  if (extensionDevelopmentPaths.length === 0 || tests === undefined) {
    throw new Error(
      'Failed to read the command line: it needs --extensionDevelopmentPath and --extensionTestsPath',
    );
  }
  const uris = [...(values.get('folder-uri') ?? []), ...(values.get('file-uri') ?? [])];
  const target = [...positional, ...uris.map((uri) => fileURLToPath(uri))].at(0);
  const isWorkspace = target?.endsWith('.code-workspace') ?? false;
  return {
    extensionDevelopmentPaths: extensionDevelopmentPaths.map((folder) => path.resolve(folder)),
    extensionTestsPath: resolveScript(tests),
    extensionsDir: values.get('extensions-dir')?.at(-1),
    folder: isWorkspace ? undefined : target,
    workspace: isWorkspace ? target : undefined,
  };
}

/** @param {string[]} args */
function splitArguments(args) {
  /** @type {Map<string, string[]>} */
  const values = new Map();
  const positional = [];
  const remaining = [...args];
  for (let arg = remaining.shift(); arg !== undefined; arg = remaining.shift()) {
    const option = /^--([\w-]+)(?:=(.*))?$/s.exec(arg);
    const name = option?.[1];
    if (name === undefined) {
      positional.push(arg);
    } else if (VALUE_OPTIONS.has(name)) {
      const value = option?.[2] ?? remaining.shift() ?? '';
      values.set(name, [...(values.get(name) ?? []), value]);
    }
  }
  return { values, positional };
}

/**
 * Desktop VS Code loads the tests with `require`, which finds a script by its folder or its bare name.
 *
 * @param {string} tests
 */
function resolveScript(tests) {
  const stat = fs.statSync(tests, { throwIfNoEntry: false });
  if (stat === undefined) {
    return path.resolve(`${tests}.js`);
  }
  return path.resolve(stat.isDirectory() ? path.join(tests, 'index.js') : tests);
}
