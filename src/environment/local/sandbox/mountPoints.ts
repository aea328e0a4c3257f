import { randomBytes } from 'node:crypto';
import type { Dir } from 'node:fs';
import {
  lstatSync,
  mkdirSync,
  opendirSync,
  readdirSync,
  readlinkSync,
  rmdirSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoCodeOf, toError } from '../../../base/errors';
import type { Disposable } from '../../../base/lifecycle';
import type { Logger } from '../../../base/logger';
import { cannotKeepRule } from './sandboxErrors';

/**
 * Whether a folder is there only for what is mounted on it in some sandbox: it holds marks and nothing
 * else. It may be gone in the next moment.
 */
export function isMountPoint(path: string): boolean {
  let folder: Dir | undefined;
  try {
    folder = opendirSync(path);
    let entry = folder.readSync();
    const hasAny = entry !== null;
    while (entry?.name.startsWith(markPrefix) === true) entry = folder.readSync();
    return hasAny && entry === null;
  } catch {
    // Gone, or out of our reach, or no folder.
    return false;
  } finally {
    folder?.closeSync();
  }
}

/** Begins the name of a mark; where its executor runs, its pid there and a random part follow. */
const markPrefix = '.exec-server-sandbox-';

/** A folder that comes and goes under our hands is tried again this often. */
const maxAttempts = 8;

/**
 * Folders that are there only so that something can be mounted on them: a sandbox guards a missing
 * `.git` by covering its place, and a place needs a name in the real folder.
 *
 * Several executors may need one at the same time, and removing a folder lifts what others mounted on
 * it. So each puts a mark into it, and removes the folder only if that leaves it empty, which the kernel
 * decides. Marks of executors that died are removed by the next one that comes along.
 */
export class MountPoints {
  constructor(private readonly logger: Logger) {}

  /** Makes sure of the folders until the result is disposed. Those that cannot be made are left out. */
  hold(paths: readonly string[]): { readonly held: ReadonlySet<string> } & Disposable {
    const mark = `${markPrefix}${pidNamespace()}-${process.pid}-${randomBytes(8).toString('hex')}`;
    const held = new Set<string>();
    for (const path of paths) if (this.mark(path, mark)) held.add(path);
    return {
      held,
      dispose: () => {
        for (const path of held) this.release(path, mark);
        held.clear();
      },
    };
  }

  private mark(path: string, mark: string): boolean {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      try {
        mkdirSync(path);
      } catch (error) {
        const code = errnoCodeOf(error);
        // Where we may make nothing, the program with our rights or fewer may neither.
        if (code === 'EACCES' || code === 'EROFS' || code === 'EPERM') return false;
        if (code !== 'EEXIST') throw error;
      }
      try {
        // Nothing can be mounted on a link, and what it leads to is not meant.
        if (!lstatSync(path).isDirectory())
          throw cannotKeepRule(path, 'something has appeared there');
        writeFileSync(join(path, mark), '', { flag: 'wx', mode: 0o600 });
        this.removeDeadMarks(path);
        return true;
      } catch (error) {
        // The other holder has just removed it.
        if (errnoCodeOf(error) !== 'ENOENT') throw error;
      }
    }
    throw new Error(`Failed to hold ${path}: it is removed again and again`);
  }

  private release(path: string, mark: string): void {
    try {
      unlinkSync(join(path, mark));
      rmdirSync(path);
    } catch (error) {
      const code = errnoCodeOf(error);
      // Somebody else needs it, or it has become a folder of the user's, or the user has removed it.
      if (code === 'ENOTEMPTY' || code === 'ENOENT' || code === 'ENOTDIR') return;
      this.logger.warn('A folder for a sandbox could not be removed', {
        path,
        reason: toError(error).message,
      });
    }
  }

  private removeDeadMarks(path: string): void {
    // Of executors in other containers nothing is known.
    const ours = `${markPrefix}${pidNamespace()}-`;
    for (const name of readdirSync(path)) {
      if (!name.startsWith(ours)) continue;
      const pid = Number.parseInt(name.slice(ours.length), 10);
      if (pid === process.pid || isAlive(pid)) continue;
      try {
        unlinkSync(join(path, name));
      } catch (error) {
        if (errnoCodeOf(error) !== 'ENOENT') throw error;
      }
    }
  }
}

/** Tells apart the places in which a pid means something else. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch {
    // A system without them.
    return '0';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errnoCodeOf(error) === 'EPERM';
  }
}
