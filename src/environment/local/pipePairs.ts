import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, StdioOptions } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { errnoCodeOf, toError } from '../../base/errors';
import type { Disposable } from '../../base/lifecycle';
import type { Logger } from '../../base/logger';
import type { ExtraSlot, OpenTerminals } from './openTerminals';

/** The two ends of a pipe, close-on-exec both. The child's end blocks, ours does not. */
export interface PipePair {
  readonly ours: number;
  readonly theirs: number;
}

/** Pipes made by one run of mkfifo, because the run costs far more than a pipe. */
const batchSize = 32;

/** Ready pipes below which the next batch is made: enough for what starts in the meantime. */
const lowWater = 12;

/**
 * Real pipes for the output and input of programs. Node gives a child sockets, and a socket cannot be
 * opened again through /dev/stdout or /dev/stderr, as scripts do. Node has no pipe(2), but a named
 * pipe that loses its name once both ends are open is the same thing. See ADR 0002.
 */
export class PipePairs implements Disposable {
  private readonly ready: PipePair[] = [];
  private available = process.platform === 'linux';
  /** The batch that is being made in the background. */
  private pending: { readonly directory: string; readonly maker: ChildProcess } | undefined;
  private disposed = false;

  constructor(
    private readonly terminals: OpenTerminals,
    private readonly logger: Logger,
  ) {}

  /** A pipe whose reading end is ours; undefined where pipes cannot be made. */
  takeOutput(): PipePair | undefined {
    if (this.ready.length === 0) this.makeBatch();
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
      ours = openSync(`/proc/self/fd/${pair.ours}`, constants.O_WRONLY | constants.O_NONBLOCK);
      const theirs = openSync(`/proc/self/fd/${pair.ours}`, constants.O_RDONLY);
      return { ours, theirs };
    } catch (error) {
      if (ours !== undefined) closeSync(ours);
      this.giveUp(error);
      return undefined;
    } finally {
      closePair(pair);
    }
  }

  /** Makes pipes in the background, so that the next start finds some. */
  replenish(): void {
    if (!this.available || this.disposed || this.pending !== undefined) return;
    let directory: string;
    try {
      directory = makeDirectory();
    } catch (error) {
      this.giveUp(error);
      return;
    }
    const maker = this.terminals.cover((extraSlots) =>
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
    maker.on('exit', (code) =>
      settle(code === 0 ? undefined : new Error(`mkfifo exited with ${String(code)}`)),
    );
  }

  dispose(): void {
    this.disposed = true;
    for (const pair of this.ready.splice(0)) closePair(pair);
    // The executor may be gone before the batch is done.
    this.pending?.maker.kill('SIGKILL');
    if (this.pending !== undefined) removeDirectory(this.pending.directory, this.logger);
  }

  private makeBatch(): void {
    if (!this.available || this.disposed) return;
    let directory: string;
    try {
      directory = makeDirectory();
    } catch (error) {
      this.giveUp(error);
      return;
    }
    const result = this.terminals.cover((extraSlots) =>
      spawnSync('mkfifo', mkfifoArguments(directory), { stdio: quietStdio(extraSlots) }),
    );
    const failure =
      result.error ??
      (result.status === 0 ? undefined : new Error(`mkfifo exited with ${String(result.status)}`));
    this.adopt(directory, failure);
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
      this.giveUp(error);
    } finally {
      removeDirectory(directory, this.logger);
    }
  }

  private giveUp(reason: unknown): void {
    // Too many open descriptors pass; anything else is how this machine is.
    const code = errnoCodeOf(reason);
    if (code === 'EMFILE' || code === 'ENFILE' || !this.available) return;
    this.available = false;
    this.logger.warn('Pipes could not be made, programs get sockets instead', {
      reason: toError(reason).message,
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

function makeDirectory(): string {
  return mkdtempSync(path.join(tmpdir(), 'exec-server-pipes-'));
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
