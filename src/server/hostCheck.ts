import { isIPv4 } from 'node:net';

/**
 * Whether a `Host` header names this machine, or a host the user allowed. A page that rebinds its own
 * name to a loopback address still sends that name, so this is what stops it.
 */
export function isAllowedHost(
  header: string | undefined,
  allowedHosts: readonly string[],
): boolean {
  const name = hostNameOf(header);
  if (name === undefined) return false;
  return isLoopbackName(name) || allowedHosts.some((allowed) => allowed.toLowerCase() === name);
}

/** The lower-case name of a well formed `name`, `name:port` or `[v6]:port`; anything else is nothing. */
function hostNameOf(header: string | undefined): string | undefined {
  const parts = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(header ?? '');
  return parts?.[1]?.toLowerCase();
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'));
}
