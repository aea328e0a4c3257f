import { createHash } from 'node:crypto';
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { ExecServerError } from '../../../src/base/errors';
import type { AuthFlags } from '../../../src/executor/authFlags';
import { readLock, refuseAuthFlags } from '../../../src/executor/authFlags';
import { AccessToken } from '../../../src/server/accessToken';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'exec-server-test-')));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const secret = 'correct-horse-battery-staple-0123';
const secretFile = file('secret', `  ${secret}\n\n`);
const tokenFile = file('token', '  secret-word\n');
const digest = createHash('sha256').update('secret-word').digest('hex');
const signed = { 'ws-auth': 'signed-bearer-token', 'ws-shared-secret-file': secretFile };

function refusalOf(act: () => unknown): { code: string; message: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof ExecServerError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('Nothing was refused');
}

describe('readLock', () => {
  it('makes a token of its own, another every time, when nothing is said', () => {
    const tokens = [readLock({}), readLock({ 'ws-auth': 'capability-token' })];
    const texts = tokens.map((lock) => (lock instanceof AccessToken ? lock.reveal() : ''));
    expect(texts.map((text) => /^[\w-]{43}$/.test(text))).toEqual([true, true]);
    expect(texts[0]).not.toBe(texts[1]);
  });

  it('locks nothing with --ws-auth none', () => {
    expect(readLock({ 'ws-auth': 'none' })).toBeUndefined();
  });

  it('takes the token of a file without the white space around it', () => {
    expect(readLock({ 'ws-token-file': tokenFile })?.refusalOf('secret-word')).toBeUndefined();
  });

  it.each([digest, digest.toUpperCase(), ` ${digest}\n`])('takes the digest %j', (text) => {
    const lock = readLock({ 'ws-token-sha256': text });
    expect([lock?.refusalOf('secret-word'), lock?.refusalOf(digest)]).toEqual([
      undefined,
      'invalid websocket bearer token',
    ]);
  });

  it('takes tokens signed with the secret of a file, for the issuer and audience named', async () => {
    const lock = readLock({ ...signed, 'ws-issuer': 'I', 'ws-audience': 'A' });
    const sign = (issuer: string, key: string): Promise<string> =>
      new SignJWT({ iss: issuer, aud: 'A' })
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime('1h')
        .sign(Buffer.from(key));
    expect([
      await lock?.refusalOf(await sign('I', secret)),
      await lock?.refusalOf(await sign('J', secret)),
      await lock?.refusalOf(await sign('I', `${secret}x`)),
    ]).toEqual([undefined, 'websocket jwt issuer mismatch', 'invalid websocket jwt']);
  });

  it.each([
    ['30', -20, undefined],
    ['0', -20, 'expired websocket jwt'],
    [undefined, -20, undefined],
    [undefined, -40, 'expired websocket jwt'],
  ])('with a clock skew of %j answers for exp %i seconds from now: %s', async (skew, exp, said) => {
    const lock = readLock({ ...signed, 'ws-max-clock-skew-seconds': skew });
    const token = await new SignJWT({ exp: Math.floor(Date.now() / 1000) + exp })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(Buffer.from(secret));
    expect(await lock?.refusalOf(token)).toBe(said);
  });

  it('counts the bytes of a secret, whatever they are', () => {
    const bytes = Buffer.alloc(32, 0xe9);
    expect(readLock({ ...signed, 'ws-shared-secret-file': file('bytes', bytes) })).toBeDefined();
    const tooFew = file('few', bytes.subarray(1));
    expect(refusalOf(() => readLock({ ...signed, 'ws-shared-secret-file': tooFew }))).toEqual({
      code: 'inconsistentArguments',
      message: `--ws-shared-secret-file ${tooFew} holds less than 32 bytes`,
    });
  });

  it.each<[AuthFlags, string]>([
    [
      { 'ws-auth': 'basic' },
      "--ws-auth takes capability-token or signed-bearer-token or none, got 'basic'",
    ],
    [
      { ...signed, 'ws-max-clock-skew-seconds': '1.5' },
      "--ws-max-clock-skew-seconds takes a whole number of seconds, got '1.5'",
    ],
    [
      { ...signed, 'ws-max-clock-skew-seconds': '-1' },
      "--ws-max-clock-skew-seconds takes a whole number of seconds, got '-1'",
    ],
  ])('refuses the value in %j', (flags, message) => {
    expect(refusalOf(() => readLock(flags))).toEqual({ code: 'invalidArguments', message });
  });

  it.each<[AuthFlags, string]>([
    [
      { 'ws-auth': 'none', 'ws-token-file': '/dev/null' },
      '--ws-token-file makes sense only with --ws-auth capability-token',
    ],
    [
      { ...signed, 'ws-token-sha256': digest },
      '--ws-token-sha256 makes sense only with --ws-auth capability-token',
    ],
    [
      { 'ws-shared-secret-file': secretFile },
      '--ws-shared-secret-file makes sense only with --ws-auth signed-bearer-token',
    ],
    [
      { 'ws-auth': 'capability-token', 'ws-issuer': 'I' },
      '--ws-issuer makes sense only with --ws-auth signed-bearer-token',
    ],
    [
      { 'ws-auth': 'none', 'ws-max-clock-skew-seconds': '5' },
      '--ws-max-clock-skew-seconds makes sense only with --ws-auth signed-bearer-token',
    ],
    [
      { 'ws-token-file': tokenFile, 'ws-token-sha256': digest },
      '--ws-token-file and --ws-token-sha256 exclude each other',
    ],
    [
      { 'ws-token-sha256': 'abc' },
      '--ws-token-sha256 takes the 64 hexadecimal digits of a SHA-256',
    ],
    [{ 'ws-token-file': '/dev/null' }, '--ws-token-file /dev/null is empty'],
    [
      { 'ws-auth': 'signed-bearer-token' },
      '--ws-auth signed-bearer-token needs --ws-shared-secret-file',
    ],
    [{ ...signed, 'ws-issuer': '' }, '--ws-issuer is empty; leave it out to accept any'],
    [{ ...signed, 'ws-audience': '' }, '--ws-audience is empty; leave it out to accept any'],
  ])('refuses %j, because the flags do not go together', (flags, message) => {
    expect(refusalOf(() => readLock(flags))).toEqual({ code: 'inconsistentArguments', message });
  });

  it('never quotes what a file holds', () => {
    const path = file('two-words', 'canary-one canary-two');
    expect(refusalOf(() => readLock({ 'ws-token-file': path }))).toEqual({
      code: 'inconsistentArguments',
      message: `--ws-token-file ${path} holds more than one word`,
    });
  });

  it.each([
    ['ws-token-file', {}],
    ['ws-shared-secret-file', { 'ws-auth': 'signed-bearer-token' }],
  ] as const)('says why the file of --%s cannot be read', (flag, others) => {
    expect(refusalOf(() => readLock({ ...others, [flag]: join(folder, 'absent') }))).toEqual({
      code: 'inconsistentArguments',
      message: expect.stringMatching(new RegExp(`^Failed to read --${flag} .*absent: ENOENT`)),
    });
  });
});

describe('refuseAuthFlags', () => {
  it.each(['ws-auth', 'ws-token-file', 'ws-token-sha256', 'ws-issuer'] as const)(
    'refuses --%s',
    (flag) => {
      expect(
        refusalOf(() => {
          refuseAuthFlags({ [flag]: 'none' });
        }),
      ).toEqual({
        code: 'inconsistentArguments',
        message: `--${flag} makes no sense with --listen stdio, where nobody else can connect`,
      });
    },
  );

  it('has nothing against none', () => {
    expect(() => {
      refuseAuthFlags({});
    }).not.toThrow();
  });
});
