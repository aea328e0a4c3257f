import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TomlTable } from 'smol-toml';
import { tableAt, unusable } from './tomlFile';

/** What makes a folder the root of a project when the user names nothing else. */
const defaultMarkers = ['.git'];

/**
 * The folders whose `.codex` the user trusts, from the root of the project down to `cwd`.
 *
 * A folder is trusted by its own entry in `projects`, else by that of the project's root, else by that of
 * the repository.
 *
 * @param settings the machine's configuration and the user's, weakest first.
 * @throws RpcError −32603 when they make no sense.
 */
export async function trustedProjectFolders(
  cwd: string,
  settings: readonly TomlTable[],
): Promise<string[]> {
  const upwards = ancestorsOf(cwd);
  const markers = markersOf(settings);
  const root = (await firstWith(upwards, markers)) ?? cwd;
  const repository = await firstWith(upwards, defaultMarkers);
  const trusts = (folder: string | undefined): boolean | undefined =>
    folder === undefined ? undefined : trustIn(settings, folder);
  const inherited = trusts(root) ?? trusts(repository) ?? false;
  const folders = upwards.slice(0, upwards.indexOf(root) + 1).reverse();
  return folders.filter((folder) => trusts(folder) ?? inherited);
}

function ancestorsOf(path: string): string[] {
  const ancestors = [path];
  for (let folder = dirname(path); folder !== ancestors.at(-1); folder = dirname(folder)) {
    ancestors.push(folder);
  }
  return ancestors;
}

async function firstWith(
  folders: readonly string[],
  markers: readonly string[],
): Promise<string | undefined> {
  for (const folder of folders) {
    for (const marker of markers) if (await hasMarker(folder, marker)) return folder;
  }
  return undefined;
}

async function hasMarker(folder: string, marker: string): Promise<boolean> {
  const path = join(folder, marker);
  try {
    if (!(await stat(path)).isDirectory() || marker !== '.git') return true;
    // An empty folder of that name is no repository.
    await stat(join(path, 'HEAD'));
    return true;
  } catch {
    // Absent or out of reach marks nothing.
    return false;
  }
}

function markersOf(settings: readonly TomlTable[]): readonly string[] {
  const value = settings.findLast((table) => Object.hasOwn(table, 'project_root_markers'))?.[
    'project_root_markers'
  ];
  if (value === undefined) return defaultMarkers;
  const isStrings = Array.isArray(value) && value.every((marker) => typeof marker === 'string');
  if (!isStrings) throw unusable('project_root_markers must be an array of strings');
  return value;
}

function trustIn(settings: readonly TomlTable[], folder: string): boolean | undefined {
  for (const table of [...settings].reverse()) {
    const level = tableAt(tableAt(table, 'projects') ?? {}, folder)?.['trust_level'];
    if (typeof level === 'string') return level === 'trusted';
  }
  return undefined;
}
