import { createHash, randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { debuglog } from 'node:util';
import { Script } from 'node:vm';
import { errnoCodeOf, toError } from '../base/errors';

/** As Node wraps the file of a module. */
export type ModuleFunction = (
  exports: object,
  require: NodeJS.Require,
  module: { readonly exports: object },
  filename: string,
  directory: string,
) => void;

/** A module that was not run yet, and the way to keep what V8 makes of it for the next start. */
export interface CachedModule {
  readonly evaluate: ModuleFunction;
  /** V8 took over what an earlier start had compiled. */
  readonly isCached: boolean;
  /** Keeps what is compiled by now, unless that came from the cache. Never throws. */
  save(): void;
}

/** Each release, and each version of Node, has a file of its own; those not made again for long are dropped. */
const KEPT_MS = 90 * 24 * 60 * 60 * 1000;

const SUFFIX = '.code';
const DIGEST_BYTES = 32;

/** For `NODE_DEBUG=exec-server`: a cache that cannot be used is no more than a slower start. */
const debug = debuglog('exec-server');

/**
 * Compiles a module from the code that an earlier start has kept in a folder, as far as it is there and
 * fits. The folder is used only if nobody else can write to it: code in it runs as the user.
 *
 * @param folder made when there is something to keep; `undefined`: nothing is kept.
 */
export function compileCached(
  body: Buffer,
  filename: string,
  folder: string | undefined,
): CachedModule {
  const parameters = 'exports, require, module, __filename, __dirname';
  // Lines keep their numbers, and a comment in the last one ends before the wrapper does.
  const source = `(function (${parameters}) { ${body.toString()}\n})`;
  if (folder === undefined) {
    const evaluate = new Script(source, { filename }).runInThisContext() as ModuleFunction;
    return { evaluate, isCached: false, save: () => undefined };
  }
  // V8 compares no more of the source than its length, so the name stands for all of it.
  const runtime = `${process.version} ${process.versions.v8} ${process.arch}`;
  const path = join(folder, `${digestOf(body, runtime).toString('hex')}${SUFFIX}`);
  const cachedData = readCode(folder, path);
  const script = new Script(source, { filename, ...(cachedData && { cachedData }) });
  const isCached = cachedData !== undefined && script.cachedDataRejected === false;
  debug(isCached ? 'code taken from %s' : 'no code for this start in %s', path);
  return {
    evaluate: script.runInThisContext() as ModuleFunction,
    isCached,
    save() {
      if (isCached) return;
      try {
        writeCode(folder, path, () => script.createCachedData());
        debug('code kept in %s', path);
      } catch (error) {
        debug('code not kept: %s', toError(error).message);
      }
    },
  };
}

/** What is not whole is not used: V8 does not check it and would crash. */
function readCode(folder: string, path: string): Buffer | undefined {
  try {
    requireOwn(lstatSync(folder));
    const file = openSync(path, 'r');
    try {
      requireOwn(fstatSync(file));
      const content = readFileSync(file);
      const code = content.subarray(DIGEST_BYTES);
      if (digestOf(code).equals(content.subarray(0, DIGEST_BYTES))) return code;
      debug('code in %s is damaged', path);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (errnoCodeOf(error) !== 'ENOENT') debug('code not used: %s', toError(error).message);
  }
  return undefined;
}

function writeCode(folder: string, path: string, make: () => Buffer): void {
  try {
    // Without its parent there is no place for caches, and it is not ours to make one.
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (errnoCodeOf(error) !== 'EEXIST') throw error;
  }
  requireOwn(lstatSync(folder));
  removeUnused(folder);
  const draft = `${path}.${randomBytes(4).toString('hex')}`;
  // Opened before the code is made, which is the slow part.
  const file = openSync(draft, 'wx', 0o600);
  try {
    const code = make();
    writeFileSync(file, Buffer.concat([digestOf(code), code]));
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function removeUnused(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.includes(SUFFIX)) continue;
    const path = join(folder, name);
    if (Date.now() - lstatSync(path).mtimeMs > KEPT_MS) rmSync(path, { force: true });
  }
}

/** Refuses links too: the mode of a link is open to all. */
function requireOwn({ uid, mode }: Stats): void {
  // Windows keeps a user's folders to the user.
  if (process.getuid === undefined) return;
  const isOurs = uid === process.getuid() && (mode & 0o022) === 0;
  if (!isOurs) throw new Error('others may write to the cache');
}

function digestOf(...parts: readonly (string | Buffer)[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
