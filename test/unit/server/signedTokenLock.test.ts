import { createHmac } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SignedTokenLock } from '../../../src/server/signedTokenLock';
import { FakeClock } from '../../support/fakeClock';

const secret = Buffer.from('correct-horse-battery-staple-0123');
const clock = new FakeClock();
const now = Math.floor(clock.now() / 1000);

/** A signed token of any header and any payload, well formed or not. */
function sign(
  payload: unknown,
  { header = { alg: 'HS256' }, key = secret, hash = 'sha256' } = {},
): string {
  const part = (value: unknown): string =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const text = `${part(header)}.${part(payload)}`;
  return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`;
}

function lockOf(
  rules: { issuer?: string; audience?: string; maxClockSkewSeconds?: number } = {},
): SignedTokenLock {
  const { issuer, audience, maxClockSkewSeconds = 30 } = rules;
  return new SignedTokenLock({ secret, issuer, audience, maxClockSkewSeconds, clock });
}

const NOT_A_TOKEN = 'invalid websocket jwt';
const valid = { exp: now + 60 };

describe('SignedTokenLock', () => {
  it.each<[name: string, token: string, said: string | undefined]>([
    ['a signature and a time to live', sign(valid), undefined],
    [
      'a type in its header',
      sign(valid, { header: { alg: 'HS256', typ: 'JWT' } as never }),
      undefined,
    ],
    ['an expiry within the clock skew', sign({ exp: now - 29 }), undefined],
    ['an expiry beyond it', sign({ exp: now - 31 }), 'expired websocket jwt'],
    ['a beginning within the clock skew', sign({ ...valid, nbf: now + 29 }), undefined],
    ['a beginning beyond it', sign({ ...valid, nbf: now + 31 }), 'websocket jwt is not valid yet'],
    [
      'an issuer and an audience nobody asked for',
      sign({ ...valid, iss: 'I', aud: 'A' }),
      undefined,
    ],
    ['another secret', sign(valid, { key: Buffer.alloc(32) }), NOT_A_TOKEN],
    ['another secret, expired', sign({ exp: 1 }, { key: Buffer.alloc(32) }), NOT_A_TOKEN],
    ['HS512', sign(valid, { header: { alg: 'HS512' }, hash: 'sha512' }), NOT_A_TOKEN],
    ['another algorithm than it says', sign(valid, { header: { alg: 'HS512' } }), NOT_A_TOKEN],
    ['no algorithm', sign(valid, { header: { alg: 'none' } }), NOT_A_TOKEN],
    ['no signature', sign(valid).replace(/[^.]*$/, ''), NOT_A_TOKEN],
    [
      'something critical nobody knows',
      sign(valid, { header: { alg: 'HS256', crit: ['x'] } as never }),
      NOT_A_TOKEN,
    ],
    ['no expiry', sign({}), NOT_A_TOKEN],
    ['half a second in its expiry', sign({ exp: now + 60.5 }), NOT_A_TOKEN],
    ['a text as expiry', sign({ exp: `${now + 60}` }), NOT_A_TOKEN],
    ['null as expiry', sign({ exp: null }), NOT_A_TOKEN],
    ['half a second in its beginning', sign({ ...valid, nbf: now - 5.5 }), NOT_A_TOKEN],
    ['a text as beginning', sign({ ...valid, nbf: 'x' }), NOT_A_TOKEN],
    ['a list as payload', sign([1]), NOT_A_TOKEN],
    ['no JSON as payload', sign('hello'), NOT_A_TOKEN],
    ['one part', 'x', NOT_A_TOKEN],
    ['three parts of nothing', 'a.b.c', NOT_A_TOKEN],
  ])('judges a token with %s', async (_name, token, said) => {
    expect(await lockOf().refusalOf(token)).toBe(said);
  });

  it.each<[rule: object, claims: object, said: string | undefined]>([
    [{ issuer: 'I' }, { iss: 'I' }, undefined],
    [{ issuer: 'I' }, { iss: 'i' }, 'websocket jwt issuer mismatch'],
    [{ issuer: 'I' }, {}, 'websocket jwt issuer mismatch'],
    [{ issuer: 'I' }, { iss: ['I'] }, 'websocket jwt issuer mismatch'],
    [{ audience: 'A' }, { aud: 'A' }, undefined],
    [{ audience: 'A' }, { aud: ['B', 'A'] }, undefined],
    [{ audience: 'A' }, { aud: ['B'] }, 'websocket jwt audience mismatch'],
    [{ audience: 'A' }, { aud: [] }, 'websocket jwt audience mismatch'],
    [{ audience: 'A' }, {}, 'websocket jwt audience mismatch'],
    [{ issuer: 'I', audience: 'A' }, { iss: 'I', aud: 'A' }, undefined],
    [{ maxClockSkewSeconds: 0 }, { exp: now - 1 }, 'expired websocket jwt'],
    [{ maxClockSkewSeconds: 1e17 }, { exp: 1 }, undefined],
  ])('with %j judges %j', async (rule, claims, said) => {
    expect(await lockOf(rule).refusalOf(sign({ ...valid, ...claims }))).toBe(said);
  });

  it('follows the clock', async () => {
    const moving = new FakeClock();
    const lock = new SignedTokenLock({
      secret,
      issuer: undefined,
      audience: undefined,
      maxClockSkewSeconds: 0,
      clock: moving,
    });
    const token = sign({ exp: Math.floor(moving.now() / 1000) + 60 });
    const before = await lock.refusalOf(token);
    moving.advance(61_000);
    expect([before, await lock.refusalOf(token)]).toEqual([undefined, 'expired websocket jwt']);
  });

  it('refuses whatever nobody has signed, and never fails over it', async () => {
    const part = fc.oneof(fc.base64String(), fc.string(), fc.json());
    const token = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 4 }).map((parts) => parts.join('.')),
      fc.json().map((header) => `${Buffer.from(header).toString('base64url')}.e30.x`),
    );
    const lock = lockOf();
    await fc.assert(
      fc.asyncProperty(token, async (text) => {
        expect(await lock.refusalOf(text)).toBe(NOT_A_TOKEN);
      }),
      { numRuns: 300 },
    );
  });

  it('shows its secret in no way of printing', () => {
    const shown = inspect(lockOf(), { depth: null, showHidden: true });
    expect(['correct', '63 6f 72', '636f72'].filter((text) => shown.includes(text))).toEqual([]);
  });
});
