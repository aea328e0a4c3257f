import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ExecServerError, toError } from '../base/errors';
import { defaultLimits } from '../base/limits';
import type { LogLevel } from '../base/logger';
import type { DoorLock } from '../server/doorLock';
import {
  DEFAULT_CLOCK_SKEW_SECONDS,
  MIN_SECRET_BYTES,
  readLock,
  refuseAuthFlags,
} from './authFlags';
import type { ChosenEnvironment } from './environmentFlags';
import { readEnvironment } from './environmentFlags';
import type { ListenPlace } from './listenAddress';
import { parseListenPlace } from './listenAddress';

/** What a headless executor was asked to do. */
export interface HeadlessOptions {
  readonly listen: ListenPlace;
  /** Absolute folders; at least one. */
  readonly workspaceFolders: readonly string[];
  /** Absent: no token is needed. */
  readonly lock: DoorLock | undefined;
  readonly environment: ChosenEnvironment;
  readonly execEnabled: boolean;
  readonly filesystemEnabled: boolean;
  /** Absolute paths of the files with tokens: those the lock was made from, and that of the remote. */
  readonly secretFiles: readonly string[];
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

Runs processes and file operations of a remote agent on this machine, in the given folders,
or passes them on to another exec-server.
Prints the address for the agent as its only line on stdout; the log goes to stderr.

  --listen PLACE                ws://IP:PORT on loopback (default ws://127.0.0.1:0), or stdio: one
                                client on stdin and stdout, a message a line, until stdin ends
  --workspace DIR               workspace folder, may be repeated (default: the current directory)
  --ws-auth MODE                capability-token (default), signed-bearer-token or none
  --ws-token-file FILE          file with the token; without it a random one is made
  --ws-token-sha256 HEX         SHA-256 of the token, instead of the token
  --ws-shared-secret-file FILE  secret of at least ${MIN_SECRET_BYTES} bytes that signs tokens (JWT, HS256)
  --ws-issuer TEXT              issuer signed tokens must name
  --ws-audience TEXT            audience signed tokens must name
  --ws-max-clock-skew-seconds N how far clocks may differ for signed tokens (default ${DEFAULT_CLOCK_SKEW_SECONDS})
  --concurrent-requests N       taken and not needed: a request that waits never holds up others
  --detached-session-ttl SECS   how long a session outlives its connection (default ${DEFAULT_TTL_SECONDS})
  --write-scope SCOPE           workspace (default) or unrestricted: where agents may change files
  --environment PLACE           local: this machine; none: nothing is served; or the address of the
                                exec-server to pass calls on to, such as wss://box.example, whose own
                                workspace and write scope count then
                                (default: CODEX_EXEC_SERVER_URL, where that is set, else local)
  --environment-token-file FILE file with the token for that exec-server
  --no-exec                     agents may start no processes and send no HTTP requests
  --no-filesystem               agents may use no files but through processes
  --allow-host NAME             further host name accepted in a Host header, may be repeated
  --log-level LEVEL             trace, debug, info (default), warn or error
  --version, --help
`;

/**
 * Reads the arguments of the headless command.
 *
 * @param variables count where no flag says otherwise
 *
 * @throws ExecServerError `invalidArguments` or `inconsistentArguments` with one sentence that says what
 * to write instead.
 */
export function parseCommandLine(
  args: readonly string[],
  version: string,
  variables: NodeJS.ProcessEnv,
): Command {
  const values = parseFlags(args);
  if (values.help === true) return { kind: 'print', text: usage };
  if (values.version === true) return { kind: 'print', text: `${version}\n` };
  const listen = parseListenPlace(values.listen ?? 'ws://127.0.0.1:0');
  if (listen === 'stdio') refuseAuthFlags(values);
  requireCount('--concurrent-requests', values['concurrent-requests'] ?? '1');
  return {
    kind: 'serve',
    options: {
      listen,
      workspaceFolders: (values.workspace ?? ['.']).map(requireFolder),
      lock: listen === 'stdio' ? undefined : readLock(values),
      environment: readEnvironment(values, variables),
      execEnabled: values['no-exec'] !== true,
      filesystemEnabled: values['no-filesystem'] !== true,
      secretFiles: [
        values['ws-token-file'],
        values['ws-shared-secret-file'],
        values['environment-token-file'],
      ]
        .filter((file) => file !== undefined)
        .map((file) => resolve(file)),
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
        'ws-token-sha256': { type: 'string' },
        'ws-shared-secret-file': { type: 'string' },
        'ws-issuer': { type: 'string' },
        'ws-audience': { type: 'string' },
        'ws-max-clock-skew-seconds': { type: 'string' },
        'concurrent-requests': { type: 'string' },
        'detached-session-ttl': { type: 'string' },
        'write-scope': { type: 'string' },
        environment: { type: 'string' },
        'environment-token-file': { type: 'string' },
        'no-exec': { type: 'boolean' },
        'no-filesystem': { type: 'boolean' },
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

function requireCount(flag: string, text: string): void {
  if (/^0*[1-9]\d*$/.test(text)) return;
  throw invalid(`${flag} takes a whole number above 0, got '${text}'`);
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
