#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from './cacheFolder';
import { compileCached } from './codeCache';
import type { run } from './main';

/** The bundle of `main.ts`, which lies beside that of this file. */
const file = join(__dirname, 'executorMain.js');
const folder = cacheFolder({
  platform: process.platform,
  variables: process.env,
  home: homedir,
});
const compiled = compileCached(readFileSync(file), file, folder);
const program = { exports: {} };
// With the name of this file: what is started as the same program again comes through here too.
compiled.evaluate(program.exports, require, program, __filename, __dirname);
(program.exports as { readonly run: typeof run }).run(() => {
  setImmediate(() => {
    compiled.save();
  });
});
