import { dirname } from 'node:path';
import type { PlaceAccess } from './confinedView';
import { accessAt } from './confinedView';
import type { Surroundings } from './confinement';

/** What every program needs on macOS: itself, its terminal, and what the C library asks of the system. */
const base = `(version 1)
(deny default)
(allow process-exec)
(allow process-fork)
(allow process-info* (target same-sandbox))
(allow signal (target same-sandbox))
(allow sysctl-read)
(allow ipc-posix-sem)
(allow pseudo-tty)
(allow mach-lookup
  (global-name "com.apple.system.logger")
  (global-name "com.apple.system.notification_center")
  (global-name "com.apple.system.opendirectoryd.libinfo")
  (global-name "com.apple.system.opendirectoryd.membership"))
(allow file-read* (subpath "/dev"))
(allow file-read-data file-write-data
  (literal "/dev/null")
  (literal "/dev/zero")
  (literal "/dev/random")
  (literal "/dev/urandom"))
(allow file-read* file-write* file-ioctl
  (literal "/dev/tty")
  (literal "/dev/ptmx")
  (regex #"^/dev/ttys[0-9]+$")
  (regex #"^/dev/fd/"))`;

/** Names and addresses of the network are had from these. */
const network = `(allow network*)
(allow system-socket)
(allow mach-lookup
  (global-name "com.apple.SystemConfiguration.configd")
  (global-name "com.apple.SystemConfiguration.DNSConfiguration")
  (global-name "com.apple.dnssd.service")
  (global-name "com.apple.networkd")
  (global-name "com.apple.SecurityServer")
  (global-name "com.apple.trustd")
  (global-name "com.apple.trustd.agent"))`;

/**
 * The rules of a view in the language of sandbox-exec. Of several rules for a path the last one counts,
 * so places stand in the order of the view, parents before what is in them. Nothing needs to exist for
 * a rule to hold.
 */
export function seatbeltProfile({
  view,
  network: access,
  alwaysReadable = [],
}: Surroundings): string {
  const parents = new Set(
    [...view.places, ...alwaysReadable.map((path) => ({ path }))].flatMap(({ path }) =>
      foldersAbove(path),
    ),
  );
  return [
    base,
    // Without the folders above it no path is found.
    ...[...parents].map((path) => `(allow file-read-metadata (literal ${quoted(path)}))`),
    ...view.places.flatMap(placeRules),
    ...heldFolders(view.places).map((path) => `(deny file-write-unlink (literal ${quoted(path)}))`),
    ...alwaysReadable.map((path) => `(allow file-read* (subpath ${quoted(path)}))`),
    ...(access === 'enabled' ? [network] : []),
    '',
  ].join('\n');
}

function placeRules({ path, access, kind }: PlaceAccess): string[] {
  const place = `(${kind === 'file' ? 'literal' : 'subpath'} ${quoted(path)})`;
  switch (access) {
    case 'write':
      return [`(allow file-read* file-write* ${place})`];
    case 'read':
      return [`(allow file-read* ${place})`, `(deny file-write* ${place})`];
    case 'none':
      return [`(deny file-read* file-write* ${place})`];
  }
}

/** Moved away with its folder, a restricted place would be under a path that no rule is about. */
function heldFolders(places: readonly PlaceAccess[]): string[] {
  const above = places
    .filter(({ access }) => access !== 'write')
    .flatMap(({ path }) => foldersAbove(path));
  return [...new Set(above)].filter((folder) => accessAt(places, folder) === 'write');
}

function foldersAbove(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [...foldersAbove(parent), parent];
}

function quoted(path: string): string {
  return `"${path.replace(/[\\"]/g, '\\$&')}"`;
}
