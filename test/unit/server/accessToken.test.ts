import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { AccessToken, bearerTokenOf } from '../../../src/server/accessToken';

const text = 'correct-horse_battery.staple~0123456789';
const token = new AccessToken(text);

function requestWith(authorization: string | undefined): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  if (authorization !== undefined) request.headers = { authorization };
  return request;
}

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

describe('bearerTokenOf', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc', 'abc'],
    ['Bearer a.b~c+d/e-f_g==', 'a.b~c+d/e-f_g=='],
    [undefined, undefined],
    ['', undefined],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    ['abc', undefined],
    ['Basic abc', undefined],
    ['Bearer a b', undefined],
    ['xBearer abc', undefined],
    ['Bearer\tabc', undefined],
    ['Bearerabc', undefined],
  ])('reads %j as %j', (header, expected) => {
    expect(bearerTokenOf(requestWith(header))).toBe(expected);
  });
});
