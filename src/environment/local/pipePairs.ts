import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Clock } from '../../base/clock';
import { toError } from '../../base/errors';
import type { Disposable } from '../../base/lifecycle';
import type { Logger } from '../../base/logger';
import { descriptorPath } from './heldDirectory';
import { PIPE_FOLDER_PREFIX, removeLeftPipeFolders } from './leftPipeFolders';
import type { ExtraSlot, OpenTerminals } from './openTerminals';

/** The two ends of a pipe, close-on-exec both. The child's end blocks, ours does not. */
export interface PipePair {
  readonly ours: number;
  readonly theirs: number;
}

/** Pipes made by one run of mkfifo, because the run costs far more than a pipe. */
const batchSize = 64;

/** Ready pipes below which the next batch is made: enough for a burst of starts in the meantime. */
const lowWater = 40;

/**
 * Where pipes get their names, best first: in memory, where nearly every Linux has this folder. On a disk
 * each pipe is an entry of the journal: when it is made, written to and let go. See ADR 0011.
 */
const defaultFolders = (): readonly string[] => ['/dev/shm', tmpdir()];

/**
 * How long pipes are done without after they could not be made. A full disk or process table passes, and
 * where there is no mkfifo the attempt is rare enough to cost nothing.
 */
const pauseAfterFailureMs = 30_000;

export interface PipePairsOptions {
  readonly terminals: OpenTerminals;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Where pipes have their names for a moment: in the first, after a failure in the next. */
  readonly folders?: readonly string[];
}

/**
 * Real pipes for the output and input of programs. Node gives a child sockets, and a socket cannot be
 * opened again through /dev/stdout or /dev/stderr, as scripts do. Node has no pipe(2), but a named
 * pipe that loses its name once both ends are open is the same thing. See ADR 0002.
 */
export class PipePairs implements Disposable {
  private readonly ready: PipePair[] = [];
  /** Before this moment no more are made. */
  private pausedUntilMs = process.platform === 'linux' ? 0 : Number.POSITIVE_INFINITY;
  /** The batch that is being made in the background. */
  private pending: { readonly directory: string; readonly maker: ChildProcess } | undefined;
  private disposed = false;
  private readonly folders: readonly string[];
  /** The one of `folders` in use. */
  private folder = 0;

  constructor(private readonly options: PipePairsOptions) {
    this.folders = options.folders ?? defaultFolders();
  }

  /** A pipe whose reading end is ours; undefined where pipes cannot be made. */
  takeOutput(): PipePair | undefined {
    for (let left = this.folders.length; left > 0 && this.ready.length === 0; left -= 1) {
      this.makeBatch();
    }
    const pair = this.ready.pop();
    if (this.ready.length < lowWater) this.replenish();
    return pair;
  }

  /** A pipe whose writing end is ours; undefined where pipes cannot be made. */
  takeInput(): PipePair | undefined {
    const pair = this.takeOutput();
    if (pair === undefined) return undefined;
    let ours: number | undefined;
    try {
      // Opening a pipe through /proc gives an end with modes of its own; each has its counterpart
      // open here already, so neither waits for one.
      ours = openSync(descriptorPath(pair.ours), constants.O_WRONLY | constants.O_NONBLOCK);
      const theirs = openSync(descriptorPath(pair.ours), constants.O_RDONLY);
      return { ours, theirs };
    } catch (error) {
      if (ours !== undefined) closeSync(ours);
      this.giveWay(error);
      return undefined;
    } finally {
      closePair(pair);
    }
  }

  /** Clears up after executors that were killed while they made some. */
  removeLeftFolders(): Promise<void> {
    const { clock, logger } = this.options;
    return removeLeftPipeFolders(this.folders, clock.now(), logger);
  }

  /** Makes pipes in the background, so that the next start finds some. */
  replenish(): void {
    if (this.pending !== undefined) return;
    this.withDirectory((directory) => {
      const maker = this.options.terminals.cover((extraSlots) =>
        spawn('mkfifo', mkfifoArguments(directory), { stdio: quietStdio(extraSlots) }),
      );
      this.pending = { directory, maker };
      let settled = false;
      const settle = (failure: Error | undefined): void => {
        if (settled) return;
        settled = true;
        this.pending = undefined;
        this.adopt(directory, failure);
      };
      maker.on('error', settle);
      maker.on('exit', (code) => settle(failureOf(code)));
    });
  }

  dispose(): void {
    this.disposed = true;
    for (const pair of this.ready.splice(0)) closePair(pair);
    // The executor may be gone before the batch is done.
    this.pending?.maker.kill('SIGKILL');
    if (this.pending !== undefined) removeDirectory(this.pending.directory, this.options.logger);
  }

  private makeBatch(): void {
    this.withDirectory((directory) => {
      const { error, status } = this.options.terminals.cover((extraSlots) =>
        spawnSync('mkfifo', mkfifoArguments(directory), { stdio: quietStdio(extraSlots) }),
      );
      this.adopt(directory, error ?? failureOf(status));
    });
  }

  /** Never throws: programs can do without pipes, and who takes several must not lose the first ones. */
  private withDirectory(make: (directory: string) => void): void {
    if (this.disposed || this.options.clock.now() < this.pausedUntilMs) return;
    let directory: string | undefined;
    try {
      const parent = this.folders[this.folder] ?? tmpdir();
      directory = mkdtempSync(path.join(parent, PIPE_FOLDER_PREFIX));
      make(directory);
    } catch (error) {
      this.giveWay(error);
      if (directory !== undefined) removeDirectory(directory, this.options.logger);
    }
  }

  /** Opens what mkfifo made and removes the names at once, so that a crash leaves nothing behind. */
  private adopt(directory: string, failure: Error | undefined): void {
    try {
      if (this.disposed) return;
      if (failure !== undefined) throw failure;
      for (const fifo of fifoPaths(directory)) {
        // A batch made at once and one made in the background may meet.
        if (this.ready.length > lowWater + batchSize) break;
        this.ready.push(openOutput(fifo));
      }
    } catch (error) {
      this.giveWay(error);
    } finally {
      removeDirectory(directory, this.options.logger);
    }
  }

  /** Goes on to the next folder; after the last, pipes are done without for a while. */
  private giveWay(reason: unknown): void {
    this.folder += 1;
    if (this.folder < this.folders.length) {
      const folder = this.folders[this.folder];
      this.options.logger.debug('Pipes are made in another folder', {
        reason: toError(reason).message,
        folder,
      });
      return;
    }
    this.folder = 0;
    this.pausedUntilMs = this.options.clock.now() + pauseAfterFailureMs;
    this.options.logger.warn('Pipes could not be made, programs get sockets meanwhile', {
      reason: toError(reason).message,
      pauseMs: pauseAfterFailureMs,
    });
  }
}

/** Closes both ends of a pipe nobody else holds. */
export function closePair(pair: PipePair): void {
  closeSync(pair.ours);
  closeSync(pair.theirs);
}

function openOutput(fifo: string): PipePair {
  // Reading end first: without a reader, opening the writing end would wait for one.
  const ours = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { ours, theirs: openSync(fifo, constants.O_WRONLY) };
  } catch (error) {
    closeSync(ours);
    throw error;
  }
}

function failureOf(exitCode: number | null): Error | undefined {
  return exitCode === 0 ? undefined : new Error(`mkfifo exited with ${String(exitCode)}`);
}

function removeDirectory(directory: string, logger: Logger): void {
  try {
    // A maker that was just killed may still add a name.
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 1 });
  } catch (error) {
    logger.warn('A folder of pipes could not be removed', { reason: toError(error).message });
  }
}

function fifoPaths(directory: string): string[] {
  return Array.from({ length: batchSize }, (_, index) => path.join(directory, String(index)));
}

function mkfifoArguments(directory: string): string[] {
  return ['-m', '600', '--', ...fifoPaths(directory)];
}

function quietStdio(extraSlots: readonly ExtraSlot[]): StdioOptions {
  return ['ignore', 'ignore', 'ignore', ...extraSlots];
}
