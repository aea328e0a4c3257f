/**
 * How the state of a login shell is written down, and taken up by a later one.
 *
 *   written    options NUL definitions NUL name=value NUL … complete NUL
 *   taken up   from a script of options and definitions, which the shell reads in place of the user's files;
 *              variables go through the environment of the start, and the script holds no value of any
 *
 * Left out on purpose: variables that are not exported, because secrets and read-only ones are among them; and
 * traps, because one that cleans up after its shell would do so after every command.
 */
import type { StartRequest } from '../processBackend';

/** What one run of a login shell left. The text is Latin-1, byte for byte what the shell wrote. */
export interface ShellState {
  readonly script: string;
  /** The environment its children would get. */
  readonly variables: Readonly<Record<string, string>>;
}

/** What is particular to a shell. Its commands are kept from the aliases and functions of the user. */
export interface ShellFamily {
  /** Run when the user's files are done, so that none of their traps writes among what follows. */
  readonly prologue: string;
  /** Each prints a part of the state. */
  readonly options: string;
  readonly definitions: string;
  /** An option as it can be set again; undefined for one that cannot, or must not. */
  readonly option: (line: string) => string | undefined;
  /** Names the script to the shell, when it can be named this way. */
  readonly variable?: string;
  /** `[shell, '-lc', …]` as it must be to read the script only. */
  readonly restoring: (argv: StartRequest['argv'], script: string) => StartRequest['argv'];
}

/** Comes after the last variable, when nothing went wrong before. */
const completeMark = 'complete';

const bash: ShellFamily = {
  prologue: '\\builtin trap - DEBUG ERR EXIT RETURN',
  options: '\\builtin umask -p\n\\builtin set +o\n\\builtin shopt -p',
  // Aliases come last: a function is listed with its aliases expanded, and they must not be expanded again.
  definitions: '\\builtin declare -f\n\\builtin declare -Fx\n\\builtin alias -p',
  option: (line) =>
    /^shopt (-[su] (login_shell|restricted_shell)|-u compat\d+)$/.test(line) ? undefined : line,
  // Read before the command is looked at: its lines keep their numbers, and the first knows the aliases.
  variable: 'BASH_ENV',
  restoring: ([program, ...rest]) => [program, '--noprofile', ...rest],
};

const zsh: ShellFamily = {
  prologue: '\\builtin trap - DEBUG ZERR EXIT',
  options:
    '\\builtin print -r -- "umask $(\\builtin umask)"\n\\builtin set +o\n\\builtin zmodload -L',
  definitions:
    '\\builtin print -r -- "fpath=(${(qq)fpath[@]})"\n\\builtin functions\n\\builtin alias -L',
  option: (line) =>
    /^set [-+]o (no)?(interactive|login|monitor|privileged|restricted|shinstdin|singlecommand|zle)$/.test(
      line,
    )
      ? undefined
      : line.replace(/^zmodload (?!-)/, 'zmodload -i '),
  // A command is parsed as a whole before any of it runs, so only `eval` lets it use the aliases.
  restoring: ([program, , command = '', ...rest], script) => [
    program,
    '-flc',
    `. ${script}; \\builtin eval ${quoted(command)}`,
    ...rest,
  ],
};

/** By name, the shells whose state can be taken up. Not `sh`: most shells of that name cannot list their functions. */
export const shellFamilies: ReadonlyMap<string, ShellFamily> = new Map([
  ['bash', bash],
  ['zsh', zsh],
]);

/** A command for `-lc` that writes the state of its shell into a file, whose path needs no quotes. */
export function captureCommand(family: ShellFamily, file: string): string {
  return [
    family.prologue,
    '{',
    family.options,
    "\\builtin printf '\\0'",
    family.definitions,
    "\\builtin printf '\\0'",
    `/usr/bin/env -0 && \\builtin printf '${completeMark}\\0'`,
    `} >|${file}`,
  ].join('\n');
}

/** Reads what {@link captureCommand} wrote; undefined when it did not come to its end. */
export function readShellState(family: ShellFamily, bytes: Buffer): ShellState | undefined {
  const [options = '', definitions = '', ...rest] = bytes.toString('latin1').split('\0');
  const [mark, afterMark] = rest.splice(-2);
  if (mark !== completeMark || afterMark !== '') return undefined;
  const accepted = options.split('\n').flatMap((line) => family.option(line) ?? []);
  return { script: `${accepted.join('\n')}\n${definitions}`, variables: variablesOf(rest) };
}

/**
 * The script that makes a shell what another one was. It first gives the variable that led to it the `value` it
 * has for the user, so that no program of the shell sees another.
 */
export function restoringScript(family: ShellFamily, state: ShellState, value?: string): Buffer {
  const { variable } = family;
  const reset = value === undefined ? `unset ${variable}` : `export ${variable}=${quoted(value)}`;
  const head = variable === undefined ? '' : `\\builtin ${reset}\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(state.script, 'latin1')]);
}

function variablesOf(entries: readonly string[]): Record<string, string> {
  // Without a prototype, so that a variable named `__proto__` is one like any other.
  const variables = Object.create(null) as Record<string, string>;
  for (const entry of entries) {
    const text = Buffer.from(entry, 'latin1').toString('utf8');
    const equals = text.indexOf('=');
    if (equals > 0) variables[text.slice(0, equals)] = text.slice(equals + 1);
  }
  return variables;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
