import path from 'node:path';

/**
 * The storage folder all windows of a workspace share. An extension host that finds the workspace's
 * storage locked by another one, as during an unclean reload or in a second browser window, is given a
 * folder beside it with a number appended. What one window left for the next would not be found there.
 */
export function sharedStoragePath(storagePath: string): string {
  const workspaceFolder = path.dirname(storagePath);
  // Workspaces are named by a hash: of 32 digits on the desktop, a number with sign in the browser.
  const numbered = /^(-?[0-9a-f]+)-\d+$/.exec(path.basename(workspaceFolder));
  const shared = numbered?.[1];
  if (shared === undefined) return storagePath;
  return path.join(path.dirname(workspaceFolder), shared, path.basename(storagePath));
}
