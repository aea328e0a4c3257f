import { describe, expect, it } from 'vitest';
import type { CachePlace } from '../../../src/executor/cacheFolder';
import { cacheFolder } from '../../../src/executor/cacheFolder';

const placeOf = (place: Partial<CachePlace>): string | undefined =>
  cacheFolder({ platform: 'linux', variables: {}, home: () => '/home/ada', ...place });

describe('cacheFolder', () => {
  it('lies where the platform keeps the caches of a user', () => {
    expect({
      linux: placeOf({}),
      mac: placeOf({ platform: 'darwin' }),
      windows: placeOf({ platform: 'win32', variables: { LOCALAPPDATA: '/local' } }),
      chosen: placeOf({ platform: 'darwin', variables: { XDG_CACHE_HOME: '/caches' } }),
    }).toEqual({
      linux: '/home/ada/.cache/exec-server',
      mac: '/home/ada/Library/Caches/exec-server',
      windows: '/local/exec-server',
      chosen: '/caches/exec-server',
    });
  });

  it.each(['', 'relative'])('does not take %j for a folder of caches', (path) => {
    expect({
      variable: placeOf({ variables: { XDG_CACHE_HOME: path } }),
      home: placeOf({ home: () => path }),
      windows: placeOf({ platform: 'win32', variables: { LOCALAPPDATA: path } }),
    }).toEqual({ variable: '/home/ada/.cache/exec-server', home: undefined, windows: undefined });
  });

  it('is nowhere for a user without a home', () => {
    const home = (): string => {
      throw new Error('no such user');
    };
    expect(placeOf({ home })).toBeUndefined();
  });
});
