'use strict';
/* eslint-disable @typescript-eslint/no-require-imports -- the server's package is CommonJS */
// Takes the place of `@vscode/spdlog` in the VS Code server: its native part is compiled by an install script,
// and those are off. Without it the server still runs, but prints a long stack for every log it wants to open.
const fs = require('node:fs');
const path = require('node:path');

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'critical'];

class Logger {
  /**
   * @param {string} _type
   * @param {string} _name
   * @param {string} file
   */
  constructor(_type, _name, file) {
    this.file = file;
    this.level = LEVELS.indexOf('info');
    this.plain = false;
  }

  trace(/** @type {string} */ message) {
    this.append('trace', message);
  }

  debug(/** @type {string} */ message) {
    this.append('debug', message);
  }

  info(/** @type {string} */ message) {
    this.append('info', message);
  }

  warn(/** @type {string} */ message) {
    this.append('warn', message);
  }

  error(/** @type {string} */ message) {
    this.append('error', message);
  }

  critical(/** @type {string} */ message) {
    this.append('critical', message);
  }

  getLevel() {
    return this.level;
  }

  setLevel(/** @type {number} */ level) {
    this.level = level;
  }

  clearFormatters() {
    this.plain = true;
  }

  setPattern() {
    // One pattern will do.
  }

  flush() {
    // Nothing is buffered.
  }

  drop() {
    // No file is held open.
  }

  /**
   * @param {string} level
   * @param {string} message
   */
  append(level, message) {
    if (LEVELS.indexOf(level) < this.level) {
      return;
    }
    const text = this.plain ? message : `${new Date().toISOString()} [${level}] ${message}\n`;
    try {
      fs.appendFileSync(this.file, text);
    } catch {
      // The log folder goes away with the test run; a log line is no reason to bring the server down.
    }
  }
}

function ignore() {
  // Each logger has its own level, and none has a buffer.
}

/**
 * @param {string} name
 * @param {string} file
 */
async function createLogger(name, file) {
  await fs.promises.mkdir(path.dirname(file), { recursive: true });
  return new Logger('rotating', name, file);
}

// The server loads this file with `import()`, which finds only exports that are assigned by name.
exports.version = 0;
exports.setLevel = ignore;
exports.setFlushOn = ignore;
exports.Logger = Logger;
exports.createRotatingLogger = createLogger;
exports.createAsyncRotatingLogger = createLogger;
