import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ExecServerError, toError } from '../base/errors';
import { defaultLimits } from '../base/limits';
import type { LogLevel } from '../base/logger';
import { AccessToken } from '../server/accessToken';
import type { ListenAddress } from './listenAddress';
import { parseListenAddress } from './listenAddress';

/** What a headless executor was asked to do. */
export interface HeadlessOptions {
  readonly listen: ListenAddress;
  /** Absolute folders; at least one. */
  readonly workspaceFolders: readonly string[];
  /** Absent: no token is needed. */
  readonly token: AccessToken | undefined;
  readonly detachedSessionTtlSeconds: number;
  readonly writeScope: 'workspace' | 'unrestricted';
  readonly allowedHosts: readonly string[];
  readonly logLevel: LogLevel;
}

export type Command =
  | { readonly kind: 'serve'; readonly options: HeadlessOptions }
  | { readonly kind: 'print'; readonly text: string };

const logLevels: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error'];

const DEFAULT_TTL_SECONDS = defaultLimits.detachedSessionTtlMs / 1000;

export const usage = `Usage: exec-server [options]

Runs processes and file operations of a remote agent on this machine, in the given folders.
Prints the address for the agent as its only line on stdout; the log goes to stderr.

  --listen ws://IP:PORT         loopback address to listen on (default ws://127.0.0.1:0)
  --workspace DIR               workspace folder, may be repeated (default: the current directory)
  --ws-auth MODE                capability-token (default) or none
  --ws-token-file FILE          file with the token; without it a random one is made
  --detached-session-ttl SECS   how long a session outlives its connection (default ${DEFAULT_TTL_SECONDS})
  --write-scope SCOPE           workspace (default) or unrestricted: where agents may change files
  --allow-host NAME             further host name accepted in a Host header, may be repeated
  --log-level LEVEL             trace, debug, info (default), warn or error
  --version, --help
`;

/**
 * Reads the arguments of the headless command.
 *
 * @throws ExecServerError `invalidArguments` with one sentence that says what to write instead.
 */
export function parseCommandLine(args: readonly string[], version: string): Command {
  const values = parseFlags(args);
  if (values.help === true) return { kind: 'print', text: usage };
  if (values.version === true) return { kind: 'print', text: `${version}\n` };
  return {
    kind: 'serve',
    options: {
      listen: parseListenAddress(values.listen ?? 'ws://127.0.0.1:0'),
      workspaceFolders: (values.workspace ?? ['.']).map(requireFolder),
      token: readToken(values['ws-auth'] ?? 'capability-token', values['ws-token-file']),
      detachedSessionTtlSeconds: readSeconds(values['detached-session-ttl']),
      writeScope: oneOf(
        '--write-scope',
        ['workspace', 'unrestricted'],
        values['write-scope'] ?? 'workspace',
      ),
      allowedHosts: values['allow-host'] ?? [],
      logLevel: oneOf('--log-level', logLevels, values['log-level'] ?? 'info'),
    },
  };
}

function parseFlags(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: false,
      options: {
        listen: { type: 'string' },
        workspace: { type: 'string', multiple: true },
        'ws-auth': { type: 'string' },
        'ws-token-file': { type: 'string' },
        'detached-session-ttl': { type: 'string' },
        'write-scope': { type: 'string' },
        'allow-host': { type: 'string', multiple: true },
        'log-level': { type: 'string' },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw invalid(`${toError(error).message.replaceAll('\n', ' ')} (see --help)`);
  }
}

function requireFolder(text: string): string {
  const folder = resolve(text);
  try {
    // An empty text would mean the current directory, and is more likely an unset variable of a script.
    if (text !== '' && statSync(folder).isDirectory()) return folder;
  } catch {
    // Absent or out of reach is no folder to work in either.
  }
  throw invalid(`--workspace '${text}' is not a folder`);
}

function readToken(auth: string, file: string | undefined): AccessToken | undefined {
  if (oneOf('--ws-auth', ['capability-token', 'none'], auth) === 'none') {
    if (file !== undefined) throw invalid('--ws-token-file makes no sense with --ws-auth none');
    return undefined;
  }
  if (file === undefined) return AccessToken.random();
  const token = readTokenFile(file);
  if (token === '') throw invalid(`--ws-token-file ${file} is empty`);
  if (/\s/.test(token)) throw invalid(`--ws-token-file ${file} holds more than one word`);
  return new AccessToken(token);
}

function readTokenFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ExecServerError(
      'invalidArguments',
      `Failed to read --ws-token-file ${file}: ${toError(error).message}`,
      { cause: error },
    );
  }
}

function readSeconds(text: string | undefined): number {
  const seconds = text === undefined ? DEFAULT_TTL_SECONDS : Number(text);
  if (Number.isFinite(seconds) && seconds > 0) return seconds;
  throw invalid(`--detached-session-ttl takes a number of seconds above 0, got '${text ?? ''}'`);
}

function oneOf<T extends string>(flag: string, choices: readonly T[], text: string): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  throw invalid(`${flag} takes ${choices.join(' or ')}, got '${text}'`);
}

const invalid = (message: string): ExecServerError =>
  new ExecServerError('invalidArguments', message);
