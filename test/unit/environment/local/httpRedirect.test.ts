import { describe, expect, it } from 'vitest';
import { redirectOf } from '../../../../src/environment/local/httpRedirect';
import type { HttpTarget } from '../../../../src/environment/local/httpTarget';

const secretHeaders = { authorization: 'Bearer s', cookie: 'c', host: 'inner.test' };

function target(method: string, url = 'http://one.test/a?b#c'): HttpTarget {
  const headers = { ...secretHeaders, 'content-type': 't/x', 'x-kept': 'k', referer: 'r' };
  return {
    method,
    url: new URL(url),
    headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
    body: Buffer.from('body'),
  };
}

const follow = (from: HttpTarget, status: number, location: string): HttpTarget | undefined =>
  redirectOf(from, status, [{ name: 'location', value: location }]);

describe('a redirect', () => {
  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [301, 'PUT', 'PUT'],
    [302, 'GET', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
  ])('of status %i turns %s into %s', (status, method, next) => {
    const followed = follow(target(method), status, '/to');
    const keepsBody = method === next;
    expect(followed?.method).toBe(next);
    expect(followed?.body?.toString()).toBe(keepsBody ? 'body' : undefined);
    expect(followed?.headers.has('content-type')).toBe(keepsBody);
  });

  it('on the same origin keeps what was sent and says where it came from', () => {
    const followed = follow(target('GET'), 302, 'to?x');
    expect(followed?.url.href).toBe('http://one.test/to?x');
    expect(Object.fromEntries(followed?.headers ?? [])).toMatchObject({
      authorization: ['Bearer s'],
      cookie: ['c'],
      referer: ['http://one.test/a?b'],
    });
  });

  it.each(['http://two.test/', 'http://one.test:81/', 'https://one.test/'])(
    'to %s takes no secret along and tells only the origin',
    (location) => {
      const headers = Object.fromEntries(follow(target('GET'), 302, location)?.headers ?? []);
      for (const name of Object.keys(secretHeaders)) expect(headers).not.toHaveProperty(name);
      expect(headers).toMatchObject({ 'x-kept': ['k'], referer: ['http://one.test/'] });
    },
  );

  it('from https to http tells nothing', () => {
    const followed = follow(target('GET', 'https://one.test/'), 302, 'http://one.test/');
    expect(followed?.headers.has('referer')).toBe(false);
  });

  it('takes no user and password from where it leads', () => {
    expect(follow(target('GET'), 302, 'http://u:p@two.test/')?.url.href).toBe('http://two.test/');
  });

  it.each([
    [200, '/to'],
    [300, '/to'],
    [304, '/to'],
    [302, 'http://[bad'],
  ])('is none: %i %s', (status, location) => {
    expect(follow(target('GET'), status, location)).toBeUndefined();
    expect(redirectOf(target('GET'), 302, [])).toBeUndefined();
  });

  it('does not leave HTTP', () => {
    expect(() => follow(target('GET'), 302, 'file:///etc/passwd')).toThrow(
      expect.objectContaining({
        code: -32603,
        message: 'http/request failed: redirect target uses unsupported URL scheme: file',
      }),
    );
  });
});
