import { basename, dirname, join } from 'node:path';
import type { CapabilityFile } from '../../protocol/discoveryMessages';
import { pathToUri } from '../../protocol/pathText';

/** Where a plugin's manifest may be, below its folder; the first that is there counts. */
export const manifestPlaces = [
  join('.codex-plugin', 'plugin.json'),
  join('.claude-plugin', 'plugin.json'),
];

/** The folder a manifest describes. */
export function folderOfManifest({ path }: CapabilityFile): string {
  return dirname(dirname(path));
}

type Members = Readonly<Record<string, unknown>>;

/** A manifest that can be understood. */
export interface PluginManifest {
  readonly name: string;
  readonly displayName: string;
  /** Where the configuration is, or the configuration itself. */
  readonly mcpServers: unknown;
  readonly apps: unknown;
}

/** Reads a manifest; `undefined` when it is none. */
export function parseManifest(file: CapabilityFile): PluginManifest | undefined {
  const members = parseMembers(file.contents);
  if (members === undefined) return undefined;
  const { name, interface: shown, mcpServers, apps } = members;
  if (name !== undefined && typeof name !== 'string') return undefined;
  if (![mcpServers, apps].every(isConfiguration)) return undefined;
  const ownName =
    name === undefined || name.trim() === '' ? basename(folderOfManifest(file)) : name;
  const displayName = isMembers(shown) ? shown['displayName'] : undefined;
  const isNamed = typeof displayName === 'string' && displayName.trim() !== '';
  return { name: ownName, displayName: isNamed ? displayName : ownName, mcpServers, apps };
}

/**
 * The path of a configuration a manifest names, `undefined` where it names none that may be read. A
 * plugin points into its own folder only.
 */
export function configPathOf(
  manifest: CapabilityFile,
  member: 'mcpServers' | 'apps',
  value: string,
  warnings: string[],
): string | undefined {
  const segments = value.split(/[\\/]/);
  const isInside = segments[0] === '.' && segments.length > 1 && !segments.includes('..');
  if (isInside) return join(folderOfManifest(manifest), value);
  const reason =
    segments[0] === '.' ? 'path must not leave the plugin' : 'path must start with `./`';
  warnings.push(`ignoring ${member} in ${pathToUri(manifest.path)}: ${reason}`);
  return undefined;
}

export function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The path of one, one itself, or none. */
function isConfiguration(value: unknown): boolean {
  return value == null || typeof value === 'string' || isMembers(value);
}

function parseMembers(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isMembers(value) ? value : undefined;
  } catch {
    // Whoever asked for it warns that it is no manifest.
    return undefined;
  }
}
