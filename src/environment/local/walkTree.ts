import { lstat, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import type { Clock } from '../../base/clock';
import type { Limits } from '../../base/limits';
import { invalidRequest } from '../../protocol/errorCodes';
import type { WalkEntry, WalkError, WalkOptions, WalkResponse } from '../../protocol/walkMessages';
import { walkReplyBytes } from '../../protocol/walkReplyBytes';
import type { WalkedDirectory } from './walkDirectory';
import { walkDirectory } from './walkDirectory';

/** Directories looked into ahead of their turn: enough that the next is there when one is done. */
const DIRECTORIES_AHEAD = 32;

export type WalkLimits = Pick<
  Limits,
  | 'maxWalkDepth'
  | 'maxWalkDirectories'
  | 'maxWalkEntries'
  | 'maxWalkReplyBytes'
  | 'maxWalkDirectoryNames'
  | 'maxWalkMs'
>;

/** Lists what is below a directory; see `FileSystem.walk`. */
export async function walkTree(
  root: string,
  options: WalkOptions,
  bounds: { readonly limits: WalkLimits; readonly clock: Clock },
): Promise<WalkResponse> {
  requireWithinLimits(options, bounds.limits);
  const walk = new TreeWalk(options, bounds.limits, bounds.clock);
  if ((await stat(root)).isDirectory()) {
    const isLink = !options.followDirectorySymlinks && (await lstat(root)).isSymbolicLink();
    if (!isLink) await walk.run(root);
  }
  return walk.result;
}

function requireWithinLimits(options: WalkOptions, limits: WalkLimits): void {
  if (options.maxDirectories === 0 || options.maxEntries === 0) {
    throw invalidRequest('filesystem walk limits must be greater than zero');
  }
  const { maxWalkDepth, maxWalkDirectories, maxWalkEntries } = limits;
  if (
    options.maxDepth > maxWalkDepth ||
    options.maxDirectories > maxWalkDirectories ||
    options.maxEntries > maxWalkEntries
  ) {
    throw invalidRequest(
      `filesystem walk limits exceed maximums: depth=${maxWalkDepth}, directories=${maxWalkDirectories}, entries=${maxWalkEntries}`,
    );
  }
}

/** One walk under way. Directories are looked into ahead, a few at a time, but taken in their order. */
class TreeWalk {
  private readonly entries: WalkEntry[] = [];
  private readonly errors: WalkError[] = [];
  private truncated = false;
  private directoriesEntered = 0;
  /** Directories entered, where links could lead to one twice. */
  private readonly identities = new Set<string>();
  private bytesLeft: number;
  private readonly deadline: number;

  constructor(
    private readonly options: WalkOptions,
    private readonly limits: WalkLimits,
    private readonly clock: Clock,
  ) {
    this.bytesLeft = limits.maxWalkReplyBytes;
    this.deadline = clock.now() + limits.maxWalkMs;
  }

  get result(): WalkResponse {
    const { entries, errors, truncated } = this;
    return { entries, errors, truncated };
  }

  async run(root: string): Promise<void> {
    let level = [root];
    for (let depth = 0; level.length > 0 && !this.truncated; depth += 1) {
      level = await this.enterAll(level, depth < this.options.maxDepth);
    }
  }

  /** @returns the directories of the next level. */
  private async enterAll(level: readonly string[], goDeeper: boolean): Promise<string[]> {
    const next: string[] = [];
    const ahead: ReturnType<typeof walkDirectory>[] = [];
    const lookAhead = (index: number): void => {
      const path = level[index];
      if (path === undefined) return;
      const looked = walkDirectory(path, {
        followSymlinks: this.options.followDirectorySymlinks,
        maxNames: this.limits.maxWalkDirectoryNames,
      });
      // A failure is met when its turn comes; until then it must not count as one nobody handles.
      looked.catch(() => undefined);
      ahead.push(looked);
    };
    for (let index = 0; index < DIRECTORIES_AHEAD; index += 1) lookAhead(index);
    for (const [index, path] of level.entries()) {
      const looked = await ahead.shift();
      this.enter(path, looked, goDeeper ? next : undefined);
      if (this.truncated) break;
      lookAhead(index + DIRECTORIES_AHEAD);
    }
    await Promise.allSettled(ahead);
    return next;
  }

  private enter(
    path: string,
    looked: Awaited<ReturnType<typeof walkDirectory>>,
    next: string[] | undefined,
  ): void {
    if (looked === undefined) return;
    if ('message' in looked) {
      this.note(looked);
      return;
    }
    if (this.options.followDirectorySymlinks) {
      if (this.identities.has(looked.identity)) return;
      this.identities.add(looked.identity);
    }
    if (
      this.directoriesEntered === this.options.maxDirectories ||
      this.clock.now() > this.deadline
    ) {
      this.truncated = true;
      return;
    }
    this.directoriesEntered += 1;
    for (const error of looked.errors) this.note(error);
    this.listAll(path, looked, next);
    if (looked.cut) this.truncated = true;
  }

  private listAll(parent: string, looked: WalkedDirectory, next: string[] | undefined): void {
    const prefix = parent.endsWith(sep) ? parent : parent + sep;
    for (const name of looked.names) {
      const path = prefix + name;
      const isDirectory = looked.directories.has(name);
      if (this.entries.length === this.options.maxEntries) this.truncated = true;
      if (this.truncated || !this.takeBytes(path)) return;
      this.entries.push({ path, kind: isDirectory ? 'directory' : 'file' });
      if (isDirectory && !this.isPruned(name)) next?.push(path);
    }
  }

  private note(error: WalkError): void {
    if (this.takeBytes(error.path + error.message)) this.errors.push(error);
  }

  private isPruned(name: string): boolean {
    return this.options.pruneHiddenDirectories === true && name.startsWith('.');
  }

  private takeBytes(text: string): boolean {
    this.bytesLeft -= walkReplyBytes(text);
    if (this.bytesLeft < 0) this.truncated = true;
    return !this.truncated;
  }
}
