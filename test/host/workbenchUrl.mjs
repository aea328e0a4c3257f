import path from 'node:path';

/**
 * @typedef {object} WorkbenchTarget
 * @property {string | undefined} [folder]
 * @property {string | undefined} [workspace] a `.code-workspace` file
 * @property {string[] | undefined} [extensionDevelopmentPaths] loaded only by a server with the test driver
 * @property {string | undefined} [extensionTestsPath] the script itself, with its file name extension
 */

/**
 * The address of a workbench window. Without a folder or a workspace it is an empty window.
 *
 * @param {number} port
 * @param {WorkbenchTarget} [target]
 * @returns {string}
 */
export function workbenchUrl(port, target = {}) {
  const authority = `127.0.0.1:${String(port)}`;
  const remote = (/** @type {string} */ file) =>
    `vscode-remote://${authority}${encodeURI(path.resolve(file))}`;
  const payload = [
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
    ...(target.extensionDevelopmentPaths ?? []).map((folder) => [
      'extensionDevelopmentPath',
      remote(folder),
    ]),
    ...(target.extensionTestsPath === undefined
      ? []
      : [['extensionTestsPath', remote(target.extensionTestsPath)]]),
  ];
  const query = new URLSearchParams({ payload: JSON.stringify(payload) });
  if (target.folder !== undefined) {
    query.set('folder', path.resolve(target.folder));
  } else if (target.workspace !== undefined) {
    query.set('workspace', path.resolve(target.workspace));
  } else {
    query.set('ew', 'true');
  }
  return `http://${authority}/?${query.toString()}`;
}
