import { describe, expect, it } from 'vitest';
import type { PlaceAccess } from '../../../../../src/environment/local/sandbox/confinedView';
import { seatbeltProfile } from '../../../../../src/environment/local/sandbox/seatbeltProfile';

const place = (
  path: string,
  access: PlaceAccess['access'],
  kind: PlaceAccess['kind'] = 'directory',
) => ({
  path,
  access,
  kind,
  file: '',
});

function profile(places: readonly PlaceAccess[], network: 'restricted' | 'enabled' = 'restricted') {
  const view = { places, aliases: [], identity: '' };
  return seatbeltProfile({ view, network, cwd: '/', env: {} });
}

describe('the profile for sandbox-exec', () => {
  it('denies what it does not allow', () => {
    expect(profile([])).toMatch(/^\(version 1\)\n\(deny default\)\n/);
  });

  it('lets later rules narrow earlier ones, parents first', () => {
    const text = profile([
      place('/', 'read'),
      place('/work', 'write'),
      place('/work/.git', 'read'),
      place('/work/key', 'none', 'file'),
    ]);
    const rules = text
      .split('\n')
      .filter((line) => /\((?:subpath|literal) "\/(?:work|")/.test(line));
    expect(rules.filter((line) => !line.includes('metadata'))).toEqual([
      '(allow file-read* (subpath "/"))',
      '(deny file-write* (subpath "/"))',
      '(allow file-read* file-write* (subpath "/work"))',
      '(allow file-read* (subpath "/work/.git"))',
      '(deny file-write* (subpath "/work/.git"))',
      '(deny file-read* file-write* (literal "/work/key"))',
      '(deny file-write-unlink (literal "/work"))',
    ]);
  });

  it('keeps folders where they are when something restricted is in them', () => {
    const text = profile([place('/work', 'write'), place('/work/a/b/key', 'none', 'file')]);
    const held = text.split('\n').filter((line) => line.includes('unlink'));
    expect(held).toEqual(
      ['/work', '/work/a', '/work/a/b'].map(
        (path) => `(deny file-write-unlink (literal "${path}"))`,
      ),
    );
    expect(profile([place('/work', 'write')])).not.toContain('unlink');
  });

  it('makes the way to a place visible, and nothing beside it', () => {
    const text = profile([place('/a/b/c', 'read')]);
    const ways = text.split('\n').filter((line) => line.includes('metadata'));
    expect(ways).toEqual(
      ['/', '/a', '/a/b'].map((path) => `(allow file-read-metadata (literal "${path}"))`),
    );
  });

  it('opens the network only when it may', () => {
    expect(profile([])).not.toContain('network');
    expect(profile([], 'enabled')).toContain('(allow network*)');
  });

  it('quotes paths, so that none can end its rule', () => {
    expect(profile([place('/a"b\\c', 'write')])).toContain('(subpath "/a\\"b\\\\c")');
  });
});
