import { readFileSync } from 'node:fs';
import { systemClock } from '../base/clock';
import { ExecServerError, toError } from '../base/errors';
import { AccessToken, TokenDigest } from '../server/accessToken';
import type { DoorLock } from '../server/doorLock';
import { SignedTokenLock } from '../server/signedTokenLock';

/** The flags that say who may connect, as they were written. */
export interface AuthFlags {
  readonly 'ws-auth'?: string | undefined;
  readonly 'ws-token-file'?: string | undefined;
  readonly 'ws-token-sha256'?: string | undefined;
  readonly 'ws-shared-secret-file'?: string | undefined;
  readonly 'ws-issuer'?: string | undefined;
  readonly 'ws-audience'?: string | undefined;
  readonly 'ws-max-clock-skew-seconds'?: string | undefined;
}

const modes = ['capability-token', 'signed-bearer-token', 'none'] as const;
type Mode = (typeof modes)[number];

/** The mode in which each flag means something. */
const modeOfFlag = {
  'ws-token-file': 'capability-token',
  'ws-token-sha256': 'capability-token',
  'ws-shared-secret-file': 'signed-bearer-token',
  'ws-issuer': 'signed-bearer-token',
  'ws-audience': 'signed-bearer-token',
  'ws-max-clock-skew-seconds': 'signed-bearer-token',
} as const satisfies Partial<Record<keyof AuthFlags, Mode>>;

/** As long as the digest the signature is made with (RFC 7518, 3.2). */
export const MIN_SECRET_BYTES = 32;

/** Clocks of machines that keep time at all are closer than that. */
export const DEFAULT_CLOCK_SKEW_SECONDS = 30;

/**
 * Reads who may connect; nothing means everybody.
 *
 * @throws ExecServerError `invalidArguments` for a value nobody can mean, `inconsistentArguments` for
 * flags that contradict each other and for secrets that cannot be had.
 */
export function readLock(flags: AuthFlags): DoorLock | undefined {
  const mode = readMode(flags['ws-auth']);
  for (const flag of namesOf(modeOfFlag)) {
    if (flags[flag] === undefined || modeOfFlag[flag] === mode) continue;
    throw inconsistent(`--${flag} makes sense only with --ws-auth ${modeOfFlag[flag]}`);
  }
  if (mode === 'none') return undefined;
  return mode === 'signed-bearer-token' ? readSignedTokens(flags) : readCapabilityToken(flags);
}

/** Over stdio the only client is whoever started us. */
export function refuseAuthFlags(flags: AuthFlags): void {
  for (const flag of ['ws-auth', ...namesOf(modeOfFlag)] as const) {
    if (flags[flag] === undefined) continue;
    throw inconsistent(
      `--${flag} makes no sense with --listen stdio, where nobody else can connect`,
    );
  }
}

function readMode(text = 'capability-token'): Mode {
  const mode = modes.find((candidate) => candidate === text);
  if (mode !== undefined) return mode;
  throw invalid(`--ws-auth takes ${modes.join(' or ')}, got '${text}'`);
}

function readCapabilityToken(flags: AuthFlags): DoorLock {
  const { 'ws-token-file': file, 'ws-token-sha256': digest } = flags;
  if (digest !== undefined) {
    if (file !== undefined) {
      throw inconsistent('--ws-token-file and --ws-token-sha256 exclude each other');
    }
    if (!/^[0-9a-f]{64}$/i.test(digest.trim())) {
      throw inconsistent('--ws-token-sha256 takes the 64 hexadecimal digits of a SHA-256');
    }
    return new TokenDigest(Buffer.from(digest.trim(), 'hex'));
  }
  if (file === undefined) return AccessToken.random();
  return new AccessToken(readTokenFile('ws-token-file', file));
}

/** @throws ExecServerError `inconsistentArguments` for a file that cannot be read or holds no token. */
export function readTokenFile(flag: string, file: string): string {
  const token = readSecret(flag, file).toString();
  if (token === '') throw inconsistent(`--${flag} ${file} is empty`);
  if (/\s/.test(token)) throw inconsistent(`--${flag} ${file} holds more than one word`);
  return token;
}

function readSignedTokens(flags: AuthFlags): DoorLock {
  const file = flags['ws-shared-secret-file'];
  if (file === undefined) {
    throw inconsistent('--ws-auth signed-bearer-token needs --ws-shared-secret-file');
  }
  const secret = readSecret('ws-shared-secret-file', file);
  if (secret.length < MIN_SECRET_BYTES) {
    throw inconsistent(`--ws-shared-secret-file ${file} holds less than ${MIN_SECRET_BYTES} bytes`);
  }
  return new SignedTokenLock({
    secret,
    issuer: requireText('ws-issuer', flags['ws-issuer']),
    audience: requireText('ws-audience', flags['ws-audience']),
    maxClockSkewSeconds: readClockSkew(flags['ws-max-clock-skew-seconds']),
    clock: systemClock,
  });
}

/** An empty text is more likely an unset variable of a script than the wish to check nothing. */
function requireText(flag: keyof AuthFlags, text: string | undefined): string | undefined {
  if (text === '') throw inconsistent(`--${flag} is empty; leave it out to accept any`);
  return text;
}

function readClockSkew(text: string | undefined): number {
  if (text === undefined) return DEFAULT_CLOCK_SKEW_SECONDS;
  if (/^\d+$/.test(text)) return Number(text);
  throw invalid(`--ws-max-clock-skew-seconds takes a whole number of seconds, got '${text}'`);
}

/** What a file holds, without the white space around it that editors and `echo` leave. */
function readSecret(flag: string, file: string): Buffer {
  try {
    return Buffer.from(readFileSync(file, 'latin1').trim(), 'latin1');
  } catch (error) {
    throw new ExecServerError(
      'inconsistentArguments',
      `Failed to read --${flag} ${file}: ${toError(error).message}`,
      { cause: error },
    );
  }
}

const namesOf = <T extends object>(table: T): (keyof T)[] => Object.keys(table) as (keyof T)[];

const invalid = (message: string): ExecServerError =>
  new ExecServerError('invalidArguments', message);

const inconsistent = (message: string): ExecServerError =>
  new ExecServerError('inconsistentArguments', message);
