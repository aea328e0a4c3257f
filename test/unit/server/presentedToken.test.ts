import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AccessToken } from '../../../src/server/accessToken';
import { bearerTokenOf, denialOf } from '../../../src/server/presentedToken';

function requestWith(authorization: string | undefined): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  if (authorization !== undefined) request.headers = { authorization };
  return request;
}

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

describe('denialOf', () => {
  const token = new AccessToken('right');
  const missing = 'missing websocket bearer token';
  const wrong = 'invalid websocket bearer token';
  const malformed = 'invalid authorization header';

  it.each<[header: string | undefined, url: string, inQuery: boolean, said: string | undefined]>([
    ['Bearer right', '/', false, undefined],
    ['Bearer wrong', '/', false, wrong],
    [undefined, '/', false, missing],
    ['', '/', false, malformed],
    ['Basic right', '/', false, malformed],
    [undefined, '/?token=right', true, undefined],
    [undefined, '/?token=right', false, missing],
    [undefined, '/?token=', true, wrong],
    ['Bearer wrong', '/?token=right', true, wrong],
    ['Basic x', '/?token=right', true, undefined],
    ['Basic x', '/?token=right', false, malformed],
  ])('of %j and %s, with a query that counts: %s, is %j', async (header, url, inQuery, said) => {
    const request = requestWith(header);
    request.url = url;
    expect(await denialOf(request, { lock: () => token, tokenInQuery: inQuery })).toBe(said);
  });

  it('is none where there is no lock', async () => {
    const door = { lock: () => undefined, tokenInQuery: false };
    expect(await denialOf(requestWith('Basic x'), door)).toBeUndefined();
  });
});
