import { readFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isInside } from '../writeScope';
import type { RpcError } from '../../../protocol/errorCodes';
import type { Access, Sandbox } from '../../sandbox';
import type { ConfinedView, PlaceAccess, PlaceAlias } from './confinedView';
import { accessAround, accessAt } from './confinedView';
import type { GlobLimits } from './expandGlob';
import { expandGlob } from './expandGlob';
import { isMountPoint } from './mountPoints';
import { cannotKeepRule } from './sandboxErrors';
import type { PathTrace } from './tracePath';
import { tracePath } from './tracePath';

/** What a view depends on besides the sandbox. */
export interface ViewContext {
  /** The `TMPDIR` of the program. */
  readonly temporaryDirectory: string | undefined;
  /** Files of our own that no confined program may read: they hold tokens. */
  readonly secrets: readonly string[];
  readonly limits: GlobLimits;
}

/**
 * Names in a writable folder that tools outside the sandbox take instructions from: who may change them
 * can have commands run unconfined later. The measured peer guards the same four, there or not.
 */
const guardedNames = ['.git', '.agents', '.codex', '.aws'];

/** Where programs, their libraries and their settings are; absent ones are passed over. */
const systemDirectories = [
  '/bin',
  '/sbin',
  '/usr',
  '/etc',
  '/lib',
  '/lib32',
  '/lib64',
  '/nix/store',
  '/run/current-system/sw',
  // macOS
  '/System',
  '/Library',
  '/private/etc',
  '/private/var/db/timezone',
  '/opt/homebrew',
];

/** A rule with its way traced. */
interface TracedRule {
  readonly asked: string;
  readonly access: Access;
  readonly trace: PathTrace;
}

/**
 * Looks at the machine's files as they are now and says what a sandbox means for them.
 *
 * @throws RpcError −32600 for a rule that cannot be kept.
 */
export async function resolveView(sandbox: Sandbox, context: ViewContext): Promise<ConfinedView> {
  const rules = await tracedRules(sandbox, context);
  const places = new Map<string, PlaceAccess>();
  for (const { access, trace } of rules) {
    if (trace.stats !== undefined) addPlace(places, trace.realPath, access, trace.stats);
  }
  const guards = sandbox.files === 'unrestricted' ? [] : guardRules(places, rules);
  for (const { access, trace } of guards) {
    if (trace.stats !== undefined) addPlace(places, trace.realPath, access, trace.stats);
  }
  const all = [...rules, ...guards];
  for (const rule of all) addMissing(places, rule);
  const sorted = [...places.values()].sort((a, b) => a.path.length - b.path.length);
  for (const rule of all) refuseReplaceableLinks(sorted, rule);
  return { places: sorted, aliases: aliasesOf(sorted, rules), identity: identityOf(sorted) };
}

async function tracedRules(sandbox: Sandbox, context: ViewContext): Promise<TracedRule[]> {
  const asked: { readonly path: string; readonly access: Access }[] = [];
  const rules = sandbox.files === 'unrestricted' ? [] : sandbox.files;
  if (sandbox.files === 'unrestricted') asked.push({ path: '/', access: 'write' });
  for (const { place, access } of rules) {
    let paths: readonly string[];
    if (place.kind === 'path') paths = [place.path];
    else if (place.kind === 'minimal') paths = systemDirectories;
    else if (place.kind === 'glob') paths = await expandGlob(place.pattern, context.limits);
    else paths = context.temporaryDirectory === undefined ? [] : [context.temporaryDirectory];
    asked.push(...paths.map((path) => ({ path, access })));
  }
  return [
    ...context.secrets.flatMap(hideSecret),
    ...asked.flatMap(({ path, access }) => traceRule(path, access)),
  ];
}

/** One that is not there, or is no file, has nothing to hide. */
function hideSecret(path: string): TracedRule[] {
  const trace = tracePath(path);
  if (trace === 'closedByUs') throw closedByUs(path);
  if (typeof trace === 'string' || trace.stats?.isFile() !== true) return [];
  return [{ asked: path, access: 'none', trace }];
}

function traceRule(path: string, access: Access): TracedRule[] {
  // The program gets a process table of its own, of which nothing can be taken away.
  if (isInside('/proc', path)) {
    if (access === 'none') throw cannotKeepRule(path, 'a confined program needs /proc');
    return [];
  }
  const trace = tracePath(path);
  if (trace === 'outOfReach') return [];
  if (trace === 'closedByUs') {
    if (access === 'write') return [];
    throw closedByUs(path);
  }
  if (trace === 'impassable') {
    if (access === 'write') return [];
    throw cannotKeepRule(path, 'its way leads in circles or through a file');
  }
  return [{ asked: path, access, trace: access === 'write' ? trace : withoutMountPoint(trace) }];
}

const closedByUs = (path: string): RpcError =>
  cannotKeepRule(
    path,
    'a folder on its way is closed to its owner, who could open it; give it `u+rx`',
  );

/** What another sandbox has made is not there for this one. */
function withoutMountPoint(trace: PathTrace): PathTrace {
  const { realPath, stats } = trace;
  if (stats?.isDirectory() !== true || !isMountPoint(realPath)) return trace;
  return { ...trace, stats: undefined, firstMissing: realPath };
}

/** The strictest of several rules for one place counts, but `write` includes `read`. */
const precedence: Readonly<Record<Access, number>> = { read: 0, write: 1, none: 2 };

function addPlace(
  places: Map<string, PlaceAccess>,
  path: string,
  access: Access,
  stats: NonNullable<PathTrace['stats']>,
): void {
  const present = places.get(path);
  if (present !== undefined && precedence[present.access] >= precedence[access]) return;
  const kind = stats.isDirectory() ? 'directory' : 'file';
  // A number is given out again, but not together with a birth time.
  const file = `${stats.dev}:${stats.ino}:${stats.birthtimeMs}`;
  places.set(path, { path, access, kind, file });
}

function guardRules(
  places: ReadonlyMap<string, PlaceAccess>,
  rules: readonly TracedRule[],
): TracedRule[] {
  const decided = new Set(rules.map(({ trace }) => trace.realPath));
  const guards: TracedRule[] = [];
  for (const { path, access, kind } of places.values()) {
    if (access !== 'write' || kind !== 'directory' || path === '/') continue;
    if (guardedNames.includes(basename(path))) continue;
    for (const name of guardedNames) {
      const guarded = join(path, name);
      // A rule of the sandbox for the very place stands.
      if (decided.has(guarded)) continue;
      const rule = traceRule(guarded, 'read');
      guards.push(...rule);
      if (name !== '.git') continue;
      guards.push(
        ...rule
          .flatMap(repositoryElsewhere)
          // A guard takes rights away and gives none.
          .filter(({ trace }) => accessAt([...places.values()], trace.realPath) === 'write'),
      );
    }
  }
  return guards;
}

/** Longer than any path, which is all such a file holds. */
const maxPointerBytes = 8192;

/** A `.git` file names the repository of a worktree or submodule, which deserves the same guard. */
function repositoryElsewhere({ trace: { realPath, stats } }: TracedRule): TracedRule[] {
  if (stats?.isFile() !== true || stats.size > maxPointerBytes) return [];
  const target = /^gitdir: (.+)/.exec(readFileSync(realPath, 'utf8'))?.[1];
  return target === undefined ? [] : traceRule(resolve(dirname(realPath), target.trim()), 'read');
}

/** Where a program could make what a rule restricts, nothing may be made. */
function addMissing(places: Map<string, PlaceAccess>, { access, trace }: TracedRule): void {
  const path = trace.firstMissing;
  if (path === undefined || access === 'write') return;
  const known = places.get(path);
  if (known === undefined && accessAround([...places.values()], path) !== 'write') return;
  if (known?.access === 'none') return;
  places.set(path, { path, access, kind: 'directory', missing: true, file: 'missing' });
}

/**
 * A link in a writable folder can be replaced, and with it what the rule was about: what it guarded, or
 * what the next program may change. What is hidden stays so, because its content does.
 */
function refuseReplaceableLinks(
  places: readonly PlaceAccess[],
  { asked, access, trace }: TracedRule,
): void {
  const addsNothing = access === accessAround(places, trace.realPath);
  if (access === 'none' || (access === 'write' && addsNothing)) return;
  const link = trace.links.find((candidate) => accessAt(places, dirname(candidate)) === 'write');
  if (link === undefined) return;
  throw cannotKeepRule(asked, `${link} is a symbolic link in a folder the program may change`);
}

function aliasesOf(
  places: readonly PlaceAccess[],
  rules: readonly TracedRule[],
): readonly PlaceAlias[] {
  const aliases = new Map<string, PlaceAlias>();
  for (const { asked, access, trace } of rules) {
    const isOther = asked !== trace.realPath && access !== 'none' && trace.stats !== undefined;
    // What stands in a visible place is seen there anyway.
    if (isOther && accessAt(places, dirname(asked)) === 'none') {
      aliases.set(asked, { name: asked, path: trace.realPath });
    }
  }
  return [...aliases.values()];
}

function identityOf(places: readonly PlaceAccess[]): string {
  return JSON.stringify(places.map(({ path, access, file }) => [path, access, file]));
}
