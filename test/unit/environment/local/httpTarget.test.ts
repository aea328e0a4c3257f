import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../../../src/environment/httpClient';
import { httpTargetOf } from '../../../../src/environment/local/httpTarget';

const request: HttpRequest = {
  method: 'GET',
  url: 'http://example.test/',
  headers: [],
  body: undefined,
  redirectPolicy: 'follow',
  timeoutMs: undefined,
};

const variables = { TOOLS_TOKEN: 's3cret', EMPTY: '', LINES: 'a\nb' };

const targetOf = (changes: Partial<HttpRequest>) =>
  httpTargetOf({ ...request, ...changes }, variables);

const fieldsOf = (changes: Partial<HttpRequest>) => Object.fromEntries(targetOf(changes).headers);

describe('a request to send', () => {
  it('has lower-case names, each value of a repeated header, and an accept', () => {
    const headers = [
      { name: 'X-Twice', value: '1' },
      { name: 'x-twice', value: '2' },
    ];
    expect(fieldsOf({ headers })).toEqual({ 'x-twice': ['1', '2'], accept: ['*/*'] });
    expect(fieldsOf({ headers: [{ name: 'Accept', value: 'text/plain' }] })).toEqual({
      accept: ['text/plain'],
    });
  });

  it('has a header named like a member of every object', () => {
    const headers = [{ name: '__proto__', value: '1' }];
    expect([...targetOf({ headers }).headers.keys()]).toContain('__proto__');
  });

  it('has user and password of its address as a header, unless there is one', () => {
    const url = 'http://us:p%40w%@example.test/';
    const { headers, url: target } = targetOf({ url });
    const basic = `Basic ${Buffer.from('us:p%40w%').toString('base64')}`;
    expect([target.href, headers.get('authorization')]).toEqual(['http://example.test/', [basic]]);
    const own = [{ name: 'Authorization', value: 'Bearer x' }];
    expect(fieldsOf({ url, headers: own })['authorization']).toEqual(['Bearer x']);
  });

  it('has the value of a variable behind its own', () => {
    const headers = [
      { name: 'authorization', value: 'Bearer ', valueEnvVar: 'TOOLS_TOKEN' },
      { name: 'x-plain', value: 'v', valueEnvVar: null },
    ];
    expect(fieldsOf({ headers })).toMatchObject({
      authorization: ['Bearer s3cret'],
      'x-plain': ['v'],
    });
  });

  it.each([
    ['NOPE', 'http/request header X-A requires executor environment variable NOPE'],
    ['toString', 'http/request header X-A requires executor environment variable toString'],
    ['EMPTY', 'http/request header X-A requires a non-empty executor environment variable EMPTY'],
    ['LINES', 'http/request header value is invalid for X-A: failed to parse header value'],
  ])('is refused without showing a value when its variable is %s', (valueEnvVar, message) => {
    const headers = [{ name: 'X-A', value: 'v', valueEnvVar }];
    expect(() => targetOf({ headers })).toThrow(expect.objectContaining({ code: -32602, message }));
  });

  it.each([
    [{ method: '' }, 'http/request method is invalid: invalid HTTP method'],
    [{ method: 'B AD' }, 'http/request method is invalid: invalid HTTP method'],
    [{ url: '' }, 'http/request url is invalid: relative URL without a base'],
    [{ url: 'not a url' }, 'http/request url is invalid: relative URL without a base'],
    [{ url: 'http://[x/' }, 'http/request url is invalid: invalid host or port'],
    [{ url: 'http://127.0.0.1:99999/' }, 'http/request url is invalid: invalid host or port'],
    [{ url: 'ftp://x/y' }, 'http/request only supports http and https URLs, got ftp'],
    [{ url: 'file:///etc/passwd' }, 'http/request only supports http and https URLs, got file'],
    [
      { headers: [{ name: 'bad name', value: 'x' }] },
      'http/request header name is invalid: invalid HTTP header name',
    ],
    [
      { headers: [{ name: 'X-A', value: 'a\r\nX-B: b' }] },
      'http/request header value is invalid for X-A: failed to parse header value',
    ],
    [
      { headers: [{ name: 'Transfer-Encoding', value: 'chunked' }] },
      'http/request header Transfer-Encoding belongs to the connection: leave it out',
    ],
  ])('is refused: %j', (changes, message) => {
    expect(() => targetOf(changes)).toThrow(expect.objectContaining({ code: -32602, message }));
  });
});
