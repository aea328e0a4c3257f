import { describe, expect, it } from 'vitest';
import { globExpression } from '../../../../../src/environment/local/sandbox/globExpression';

const matches = (pattern: string, path: string): boolean => globExpression(pattern).matches(path);

describe('a glob pattern', () => {
  it.each([
    ['/w/*.env', '/w/.env', true],
    ['/w/*.env', '/w/a/.env', false],
    ['/w/**/.env', '/w/.env', true],
    ['/w/**/.env', '/w/a/b/.env', true],
    ['/w/**/a/**/.env', '/w/x/a/y/z/.env', true],
    ['/w/**/a/**/.env', '/w/x/y/z/.env', false],
    ['/w/**', '/w', false],
    ['/w/**', '/w/a/b', true],
    ['/w/?', '/w/\u{1f600}', true],
    ['/w/[!a^]b', '/w/^b', false],
    ['/w/[!a^]b', '/w/cb', true],
    ['/w/[a-c[]', '/w/[', true],
    ['/w/[a-c]', '/w/d', false],
    ['/w/a.b', '/w/axb', false],
    ['//w/./a*', '/w/ab', true],
  ])('%s compared with %s', (pattern, path, expected) => {
    expect(matches(pattern, path)).toBe(expected);
  });

  it('begins with a folder whose name looks like a pattern, when that is written as sets', () => {
    const glob = globExpression('/w/[[]id]/[{]a[}]/*.env');
    expect(glob.fixedNames).toEqual(['w', '[id]', '{a}']);
    expect(['/w/[id]/{a}/x.env', '/w/i/{a}/x.env'].filter((path) => glob.matches(path))).toEqual([
      '/w/[id]/{a}/x.env',
    ]);
  });

  it('is compared in bounded time, whatever it repeats', () => {
    const name = 'a'.repeat(255);
    expect(matches(`/w/${'*a'.repeat(100)}b`, `/w/${name}`)).toBe(false);
    const path = `/w${'/a'.repeat(200)}`;
    expect(matches(`/w${'/**/a'.repeat(100)}/b`, path)).toBe(false);
  });

  it.each(['/w/{a,b}.key', '/w/a\\*b', '/w/../x/*', '/w/[a', '/w/[b-a]', `/w/${'*'.repeat(5000)}`])(
    'is refused where it could mean something else: %.20s',
    (pattern) => {
      expect(() => globExpression(pattern)).toThrow(/cannot be enforced/);
    },
  );
});
