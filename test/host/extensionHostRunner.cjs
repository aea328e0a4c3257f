'use strict';
/* eslint-disable @typescript-eslint/no-require-imports -- the extension host loads this file with require */
// Loaded by the extension host in place of the tests, which it then runs. What tests print would otherwise reach
// the browser's console, mixed with the workbench's own messages and not formatted; here it goes to a file.
const fs = require('node:fs');
const { pathToFileURL } = require('node:url');
const { format } = require('node:util');

exports.run = async function run() {
  const output = requiredVariable('EXEC_SERVER_TEST_OUTPUT');
  redirectConsole(output);
  // The tests are bundles; a stack should name their source.
  process.setSourceMapsEnabled(true);
  const script = requiredVariable('EXEC_SERVER_TEST_SCRIPT');
  /** @type {{ default: { run: () => Promise<void> } }} */
  const tests = await import(pathToFileURL(script).href);
  // The tests are CommonJS: `default` is what they export, whether or not Node can tell the names.
  await tests.default.run();
};

/** @param {string} file */
function redirectConsole(file) {
  const write = (/** @type {unknown[]} */ ...args) => {
    try {
      fs.appendFileSync(file, `${format(...args)}\n`);
    } catch {
      // The reader has ended and its folder is gone: nobody is left to tell.
    }
  };
  for (const method of ['log', 'info', 'warn', 'error', 'debug']) {
    // VS Code guards the methods with a setter that does nothing, so an assignment would have no effect.
    Object.defineProperty(console, method, { configurable: true, writable: true, value: write });
  }
}

/** @param {string} name */
function requiredVariable(name) {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(`Failed to run the tests: ${name} is not set`);
  }
  return value;
}
