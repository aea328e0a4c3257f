import { describe, expect, it } from 'vitest';
import { bubblewrapArguments } from '../../../../../src/environment/local/sandbox/bubblewrapArguments';
import type { PlaceAccess } from '../../../../../src/environment/local/sandbox/confinedView';
import { accessAt } from '../../../../../src/environment/local/sandbox/confinedView';

const place = (path: string, access: PlaceAccess['access'], more: Partial<PlaceAccess> = {}) => ({
  path,
  access,
  kind: 'directory' as const,
  file: '',
  ...more,
});

/** The arguments that differ from one view to the next, from the root on. */
function mounts(places: readonly PlaceAccess[], cwd = '/work'): string {
  const args = bubblewrapArguments({
    view: { places, aliases: [], identity: '' },
    network: 'restricted',
    cwd,
    env: {},
  });
  const text = args.join(' ');
  expect(text).toMatch(
    /^--unshare-user --unshare-pid --unshare-ipc --die-with-parent --cap-drop ALL /,
  );
  return text.slice(text.indexOf('--unshare-net ') + '--unshare-net '.length);
}

const root = place('/', 'read');
const project = place('/work', 'write');

describe('the arguments of bubblewrap', () => {
  it('open a project in a machine that can be read', () => {
    expect(mounts([root, project, place('/work/.git', 'read')])).toBe(
      '--ro-bind / / --dev /dev --bind /work /work --ro-bind /work/.git /work/.git ' +
        '--proc /proc --chdir /work --clearenv',
    );
  });

  it('name no place twice that its surroundings open as far', () => {
    expect(mounts([root, project, place('/work/a', 'write'), place('/usr', 'read')])).toBe(
      '--ro-bind / / --dev /dev --bind /work /work --proc /proc --chdir /work --clearenv',
    );
  });

  it('hide folders and files, with a passage where something within is open', () => {
    const places = [
      root,
      place('/a', 'none'),
      place('/b', 'none'),
      place('/c', 'none', { kind: 'file' }),
      place('/b/open', 'read'),
    ];
    expect(mounts(places)).toBe(
      '--ro-bind / / --dev /dev --perms 0000 --tmpfs /a --perms 0111 --tmpfs /b ' +
        '--ro-bind /dev/null /c --ro-bind /b/open /b/open --proc /proc ' +
        '--remount-ro /a --remount-ro /b --chdir /work --clearenv',
    );
  });

  it('cover what is missing, so that it cannot be made', () => {
    const missing = { missing: true };
    const places = [
      root,
      project,
      place('/work/.git', 'read', missing),
      place('/work/key', 'none', missing),
    ];
    expect(mounts(places)).toContain(
      '--perms 0555 --tmpfs /work/.git --perms 0000 --tmpfs /work/key',
    );
  });

  it('show only what is named when the root is not', () => {
    expect(mounts([place('/usr', 'read'), project], '/elsewhere')).toBe(
      '--dev /dev --ro-bind /usr /usr --bind /work /work --proc /proc --remount-ro / --chdir / --clearenv',
    );
  });

  it('leave the devices to who may write everywhere', () => {
    expect(mounts([place('/', 'write')])).toMatch(/^--dev-bind \/ \/ --proc/);
  });

  it('hold the environment, the second names and what a helper needs', () => {
    const args = bubblewrapArguments({
      view: { places: [project], aliases: [{ name: '/link', path: '/work' }], identity: '' },
      network: 'enabled',
      cwd: '/work',
      env: { A: 'b c' },
      alwaysReadable: ['/opt/node'],
    });
    const text = args.join(' ');
    expect(text).not.toContain('--unshare-net');
    expect(text).toContain('--symlink /work /link --ro-bind /opt/node /opt/node --proc');
    expect(args.slice(-3)).toEqual(['--setenv', 'A', 'b c']);
  });
});

describe('the access to a path', () => {
  it('is that of the closest place, and none without one', () => {
    const places = [root, project, place('/work/.git', 'read')];
    expect(
      ['/etc', '/work', '/work/a/b', '/work/.gitignore', '/work/.git/x', '/worker'].map((path) =>
        accessAt(places, path),
      ),
    ).toEqual(['read', 'write', 'write', 'write', 'read', 'read']);
    expect(accessAt([project], '/etc')).toBe('none');
  });
});
