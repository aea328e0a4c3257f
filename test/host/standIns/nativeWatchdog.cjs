'use strict';
// Takes the place of `@vscode/native-watchdog` in the VS Code server, whose native part is compiled by an install
// script, and those are off. It ends an extension host whose server has gone away.

const POLL_MS = 1000;

/** The exit code of the native module, which VS Code knows. */
const PARENT_GONE_EXIT_CODE = 87;

exports.start = (/** @type {number} */ parentPid) => {
  const timer = setInterval(() => {
    try {
      process.kill(parentPid, 0);
    } catch {
      process.exit(PARENT_GONE_EXIT_CODE);
    }
  }, POLL_MS);
  timer.unref();
};

exports.exit = (/** @type {number} */ code) => process.exit(code);
