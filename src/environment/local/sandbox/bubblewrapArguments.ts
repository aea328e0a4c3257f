import { isInside } from '../writeScope';
import type { ConfinedView, PlaceAccess } from './confinedView';
import type { Surroundings } from './confinement';
import { accessAround, accessAt } from './confinedView';

/**
 * The options of bubblewrap, not the program behind them. They hold the program's environment, so they
 * belong into a file only we can read and not on a command line.
 *
 * The view is built from the outside in: each mount covers what the ones before it put at its place.
 */
export function bubblewrapArguments(request: Surroundings): string[] {
  const { view, network, cwd, env } = request;
  const args = [
    // A namespace of its own for processes makes an end of the sandbox the end of all that is in it.
    ...['--unshare-user', '--unshare-pid', '--unshare-ipc', '--die-with-parent'],
    // Started by root it would leave the program the right to take the mounts away again.
    ...['--cap-drop', 'ALL'],
    ...(network === 'restricted' ? ['--unshare-net'] : []),
    ...rootArguments(view),
  ];
  const seals: string[] = [];
  for (const place of view.places) {
    if (place.path === '/') continue;
    args.push(...placeArguments(place, view.places, seals));
  }
  for (const { name, path } of view.aliases) args.push('--symlink', path, name);
  for (const path of request.alwaysReadable ?? []) args.push('--ro-bind', path, path);
  args.push('--proc', '/proc');
  // Not before everything within stands at its place.
  for (const path of seals) args.push('--remount-ro', path);
  if (accessAt(view.places, '/') === 'none') args.push('--remount-ro', '/');
  args.push('--chdir', accessAt(view.places, cwd) === 'none' ? '/' : cwd, '--clearenv');
  for (const [name, value] of Object.entries(env)) args.push('--setenv', name, value);
  return args;
}

/** Who may write everywhere keeps the devices; others get the harmless ones. */
function rootArguments({ places }: ConfinedView): string[] {
  switch (accessAt(places, '/')) {
    case 'write':
      return ['--dev-bind', '/', '/'];
    case 'read':
      return ['--ro-bind', '/', '/', '--dev', '/dev'];
    case 'none':
      return ['--dev', '/dev'];
  }
}

function placeArguments(
  place: PlaceAccess,
  places: readonly PlaceAccess[],
  seals: string[],
): string[] {
  const { path, access, kind } = place;
  if (place.missing === true) {
    seals.push(path);
    return ['--perms', access === 'none' ? '0000' : '0555', '--tmpfs', path];
  }
  if (access === accessAround(places, path)) return [];
  if (access !== 'none') return [access === 'write' ? '--bind' : '--ro-bind', path, path];
  // A device on a mount that has none cannot be opened: "Permission denied", as for what is hidden.
  if (kind === 'file') return ['--ro-bind', '/dev/null', path];
  const isPassage = places.some(
    (other) => other.access !== 'none' && other.path !== path && isInside(path, other.path),
  );
  seals.push(path);
  return ['--perms', isPassage ? '0111' : '0000', '--tmpfs', path];
}
