import type { EnvPolicy } from '../../protocol/processMessages';
import type { LoginVariables } from './loginVariables';

/** Names and values of an environment. */
export type EnvironmentVariables = Readonly<Record<string, string>>;

/** What a child's environment is made from. */
export interface ChildEnvironmentSource {
  /** The executor's own environment, unfiltered. */
  readonly base: NodeJS.ProcessEnv;
  /** The whole environment without `policy`, else the final overlay. */
  readonly env: EnvironmentVariables;
  readonly policy?: EnvPolicy | undefined;
  /** Taken as inherited, with a policy only: what the policy excludes stays out wherever it comes from. */
  readonly login?: LoginVariables | undefined;
}

/**
 * A variable of the editor, of npm or of the executor that would change how programs behave, or hand
 * them control over the editor, when a child inherits it.
 */
interface InternalVariable {
  readonly name: string;
  /** The variable belongs to the editor only when its value says so. */
  readonly value?: RegExp;
  readonly reason: string;
}

/** A path or program name of VS Code, its remote server or its forks. */
const editorValue = /vscode|code-server|cursor-server|windsurf|extensions[\\/]git[\\/]/i;

const internalVariables: readonly InternalVariable[] = [
  { name: 'VSCODE_*', reason: 'sockets and settings of the editor; `code` would drive the window' },
  { name: 'ELECTRON_*', reason: 'ELECTRON_RUN_AS_NODE breaks every Electron program' },
  { name: 'CHROME_DESKTOP', reason: 'names the editor as the desktop file of its children' },
  { name: 'ORIGINAL_XDG_CURRENT_DESKTOP', reason: 'how Electron remembers what it overwrote' },
  { name: 'GDK_PIXBUF_*', reason: 'image loaders of the packaged editor, not of the system' },
  { name: 'SNAP', reason: 'paths of the packaged editor' },
  { name: 'SNAP_*', reason: 'paths of the packaged editor' },
  { name: 'APPLICATION_INSIGHTS*', reason: 'telemetry of the editor' },
  { name: 'APPLICATIONINSIGHTS*', reason: 'telemetry of the editor' },
  { name: 'NODE_OPTIONS', reason: 'flags meant for the executor or for a debugged extension host' },
  { name: 'NODE_CHANNEL_FD', reason: 'a descriptor the child does not have' },
  { name: 'NODE_CHANNEL_SERIALIZATION_MODE', reason: 'goes with NODE_CHANNEL_FD' },
  { name: 'NODE_UNIQUE_ID', reason: 'makes a Node child believe it is a cluster worker' },
  { name: 'npm_*', reason: 'the package script that started the executor, not the one that runs' },
  { name: 'CODEX_EXEC_SERVER_*', reason: 'address and tokens of an exec-server' },
  { name: 'EXEC_SERVER_*', reason: 'settings and tokens of the executor itself' },
  { name: 'GIT_ASKPASS', value: editorValue, reason: 'asks in a window nobody may be looking at' },
  { name: 'SSH_ASKPASS', value: editorValue, reason: 'asks in a window nobody may be looking at' },
  { name: 'BROWSER', value: editorValue, reason: 'opens pages on the user’s own machine' },
  { name: 'TERM_PROGRAM', value: editorValue, reason: 'there is no terminal of the editor here' },
  {
    name: 'TERM_PROGRAM_VERSION',
    reason: 'says nothing without TERM_PROGRAM, and is the editor’s',
  },
];

/** Tokens and switches of the executor: they reach no child, whatever a request says. */
const executorPrivateNames = [
  'CODEX_EXEC_SERVER_EXIT_ON_STDIN_CLOSE',
  'CODEX_EXEC_SERVER_NOISE_AUTH_TOKEN',
  'EXEC_SERVER_*',
];

/** The names `inherit: core` keeps; without them most programs do not start or misbehave. */
const coreNames = new Set([
  'PATH',
  'SHELL',
  'TMPDIR',
  'TEMP',
  'TMP',
  'HOME',
  'LANG',
  'LC_ALL',
  'LC_CTYPE',
  'LOGNAME',
  'USER',
]);

/** What `ignoreDefaultExcludes: false` takes for a secret. */
const defaultExcludes = ['*KEY*', '*SECRET*', '*TOKEN*'];

/**
 * The environment of a child, in the order the protocol fixes: inherit (and what a login shell made of
 * it), default excludes, excludes, `set`, `includeOnly`, `env`, and last the names no child gets. Nothing else is added, not even for
 * a terminal.
 */
export function childEnvironment(source: ChildEnvironmentSource): Record<string, string> {
  const result = new Map<string, string>();
  const { policy } = source;
  if (policy !== undefined) {
    for (const [name, value] of inherited(source.base, policy.inherit)) result.set(name, value);
    for (const name of source.login?.unset ?? []) result.delete(name);
    overlay(result, source.login?.set ?? {});
    if (!policy.ignoreDefaultExcludes) dropMatching(result, defaultExcludes);
    dropMatching(result, policy.exclude);
    overlay(result, policy.set);
    if (policy.includeOnly.length > 0) keepMatching(result, policy.includeOnly);
  }
  overlay(result, source.env);
  dropMatching(result, executorPrivateNames);
  return toRecord(result);
}

/** The executor's environment without what belongs to the editor, npm or the executor. */
export function withoutInternals(base: NodeJS.ProcessEnv): Record<string, string> {
  const result = new Map<string, string>();
  for (const [name, value] of Object.entries(base)) {
    if (value !== undefined && !isInternal(name, value, base)) result.set(name, value);
  }
  return toRecord(result);
}

/**
 * Whether a whole name matches a pattern of `*` and `?`, in any case. Two positions and one place to
 * return to, so a hostile pattern costs at most its length times that of the name.
 */
export function matchesGlob(name: string, pattern: string): boolean {
  const text = Array.from(name.toLowerCase());
  const glob = Array.from(pattern.toLowerCase());
  let textIndex = 0;
  let globIndex = 0;
  let starIndex = -1;
  let resumeIndex = 0;
  while (textIndex < text.length) {
    const symbol = glob[globIndex];
    if (symbol === '*') {
      starIndex = globIndex;
      resumeIndex = textIndex;
      globIndex += 1;
    } else if (symbol !== undefined && (symbol === '?' || symbol === text[textIndex])) {
      textIndex += 1;
      globIndex += 1;
    } else if (starIndex >= 0) {
      resumeIndex += 1;
      textIndex = resumeIndex;
      globIndex = starIndex + 1;
    } else {
      return false;
    }
  }
  while (glob[globIndex] === '*') globIndex += 1;
  return globIndex === glob.length;
}

function inherited(base: NodeJS.ProcessEnv, inherit: EnvPolicy['inherit']): [string, string][] {
  if (inherit === 'none') return [];
  const cleaned = Object.entries(withoutInternals(base));
  return inherit === 'all'
    ? cleaned
    : cleaned.filter(([name]) => coreNames.has(name.toUpperCase()));
}

function isInternal(name: string, value: string, base: NodeJS.ProcessEnv): boolean {
  // A version outlives its program only when the program is not the editor.
  if (name === 'TERM_PROGRAM_VERSION') return editorValue.test(base['TERM_PROGRAM'] ?? '');
  return internalVariables.some(
    (internal) => matchesGlob(name, internal.name) && (internal.value?.test(value) ?? true),
  );
}

function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesGlob(name, pattern));
}

function dropMatching(variables: Map<string, string>, patterns: readonly string[]): void {
  if (patterns.length === 0) return;
  for (const name of [...variables.keys()]) {
    if (matchesAny(name, patterns)) variables.delete(name);
  }
}

function keepMatching(variables: Map<string, string>, patterns: readonly string[]): void {
  for (const name of [...variables.keys()]) {
    if (!matchesAny(name, patterns)) variables.delete(name);
  }
}

function overlay(variables: Map<string, string>, added: EnvironmentVariables): void {
  for (const [name, value] of Object.entries(added)) {
    if (process.platform === 'win32') deleteIgnoringCase(variables, name);
    variables.set(name, value);
  }
}

/** On Windows `Path` and `PATH` are one variable, and the system would keep the first of them. */
function deleteIgnoringCase(variables: Map<string, string>, name: string): void {
  const upper = name.toUpperCase();
  for (const other of [...variables.keys()]) {
    if (other.toUpperCase() === upper) variables.delete(other);
  }
}

/** Without a prototype, so that a variable named `__proto__` is one like any other. */
function toRecord(variables: ReadonlyMap<string, string>): Record<string, string> {
  const record = Object.create(null) as Record<string, string>;
  for (const [name, value] of variables) record[name] = value;
  return record;
}
