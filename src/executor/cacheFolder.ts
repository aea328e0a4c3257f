import { isAbsolute, join } from 'node:path';

/** What decides where a user's caches are. */
export interface CachePlace {
  readonly platform: NodeJS.Platform;
  readonly variables: NodeJS.ProcessEnv;
  /** May throw for a user the system does not know. */
  readonly home: () => string;
}

/**
 * Our folder among the caches of this user, or `undefined` where there is no telling. Never a folder that
 * users share: code is run from it.
 */
export function cacheFolder({ platform, variables, home }: CachePlace): string | undefined {
  // The specification of the variable: a relative path is to be ignored.
  const chosen = [
    variables['XDG_CACHE_HOME'],
    platform === 'win32' ? variables['LOCALAPPDATA'] : undefined,
  ].find((path) => path !== undefined && isAbsolute(path));
  if (chosen !== undefined) return join(chosen, 'exec-server');
  if (platform === 'win32') return undefined;
  try {
    const folder = home();
    if (!isAbsolute(folder)) return undefined;
    const caches = platform === 'darwin' ? ['Library', 'Caches'] : ['.cache'];
    return join(folder, ...caches, 'exec-server');
  } catch {
    // A user without a home has no place for caches either.
    return undefined;
  }
}
