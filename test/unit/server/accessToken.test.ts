import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AccessToken, TokenDigest } from '../../../src/server/accessToken';

const text = 'correct-horse_battery.staple~0123456789';
const token = new AccessToken(text);

describe('AccessToken', () => {
  it.each([
    ['the text itself', text, true],
    ['nothing', undefined, false],
    ['an empty text', '', false],
    ['a prefix', text.slice(0, -1), false],
    ['more than the text', `${text}0`, false],
    ['another case', text.toUpperCase(), false],
    ['white space around it', ` ${text} `, false],
    ['its replacement in print', '***', false],
    ['a very long text', 'x'.repeat(1_000_000), false],
  ])('compares with %s', (_name, presented, matches) => {
    expect(token.matches(presented)).toBe(matches);
  });

  it('matches nothing presented even when it is empty itself', () => {
    expect(new AccessToken('').matches(undefined)).toBe(false);
  });

  it('makes tokens of 256 bits that need no escaping in a URL', () => {
    const tokens = Array.from({ length: 200 }, () => AccessToken.random().reveal());
    expect({
      distinct: new Set(tokens).size,
      shaped: tokens.every((made) => /^[\w-]{43}$/.test(made)),
    }).toEqual({ distinct: 200, shaped: true });
  });

  it('gives its text in no way of printing but reveal', () => {
    const printed = [String(token), token.toString(), JSON.stringify({ token }), token.toJSON()];
    expect({ printed, revealed: token.reveal() }).toEqual({
      printed: ['***', '***', '{"token":"***"}', '***'],
      revealed: text,
    });
  });

  it('stays hidden from the inspector that formats logged objects and errors', () => {
    const shown = [
      inspect(token),
      inspect({ deep: { token } }),
      inspect(token, { showHidden: true }),
    ];
    expect(shown.filter((line) => line.includes(text))).toEqual([]);
  });
});

describe('a lock', () => {
  const digest = new TokenDigest(createHash('sha256').update(text).digest());

  it.each([
    ['a token', token],
    ['the digest of a token', digest],
  ])('of %s opens for the token only, and says no more than that', (_name, lock) => {
    const wrong = ['', text.slice(0, -1), `${text}0`, '***', 'x'.repeat(1_000_000)];
    expect([text, ...wrong].map((presented) => lock.refusalOf(presented))).toEqual([
      undefined,
      ...wrong.map(() => 'invalid websocket bearer token'),
    ]);
  });
});
