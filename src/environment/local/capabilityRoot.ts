import { lstat, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Clock } from '../../base/clock';
import { errnoCodeOf } from '../../base/errors';
import type { Limits } from '../../base/limits';
import { systemErrorText } from '../../protocol/errorCodes';
import type { CapabilityFile, PluginFiles } from '../../protocol/discoveryMessages';
import { pathToUri } from '../../protocol/pathText';
import type { CapabilityRoot, SkillFiles } from '../capabilityDiscovery';
import { sortByBytes } from './byteOrder';
import type { CapabilityFiles } from './capabilityFiles';
import { configPathOf, folderOfManifest, manifestPlaces, parseManifest } from './pluginManifest';
import type { WalkLimits } from './walkTree';
import { walkTree } from './walkTree';

const SKILL_FILE = 'SKILL.md';
const METADATA_FILE = join('agents', 'openai.yaml');

export type RootLimits = WalkLimits &
  Pick<Limits, 'maxDiscoveryDepth' | 'maxDiscoveryDirectories' | 'maxDiscoveryEntries'>;

export interface CapabilityRootOptions {
  readonly files: CapabilityFiles;
  readonly limits: RootLimits;
  readonly clock: Clock;
}

/** Looks for skills and plugin manifests in a folder. */
export async function inspectRoot(
  root: string,
  options: CapabilityRootOptions,
): Promise<CapabilityRoot> {
  const error = await whyNoDirectory(root);
  if (error !== undefined) return { ...nothing, error };
  const { maxDiscoveryDepth, maxDiscoveryDirectories, maxDiscoveryEntries } = options.limits;
  const bounds = {
    maxDepth: maxDiscoveryDepth,
    maxDirectories: maxDiscoveryDirectories,
    maxEntries: maxDiscoveryEntries,
    followDirectorySymlinks: true,
  };
  const walk = await walkTree(root, bounds, options);
  const warnings = walk.errors.map(
    ({ path, message }) => `failed to inspect ${pathToUri(path)}: ${message}`,
  );
  if (walk.truncated) {
    warnings.push(`capability root ${pathToUri(root)} holds too much; not all of it was searched`);
  }
  const paths = walk.entries.filter(({ kind }) => kind === 'file').map(({ path }) => path);
  sortByBytes(paths);
  const search = new RootSearch(root, new Set(paths), options.files, warnings);
  const manifests = await search.manifests();
  return {
    plugin: await search.plugin(manifests),
    skills: await search.skills(),
    namespaceManifests: manifests,
    warnings,
    error: undefined,
  };
}

/** Whether nothing is there, as opposed to something that cannot be looked at. */
export async function isAbsent(path: string): Promise<boolean> {
  try {
    await stat(path);
    return false;
  } catch (error) {
    return errnoCodeOf(error) === 'ENOENT';
  }
}

const nothing: CapabilityRoot = {
  plugin: undefined,
  skills: [],
  namespaceManifests: [],
  warnings: [],
  error: undefined,
};

async function whyNoDirectory(root: string): Promise<string | undefined> {
  const uri = pathToUri(root);
  try {
    if ((await stat(root)).isDirectory()) return undefined;
    return `capability root ${uri} is not a directory`;
  } catch (error) {
    const code = errnoCodeOf(error);
    if (code === undefined) throw error;
    return `failed to inspect capability root ${uri}: ${systemErrorText(code)}`;
  }
}

/** One folder, with the regular files found in it. */
class RootSearch {
  constructor(
    private readonly root: string,
    private readonly paths: ReadonlySet<string>,
    private readonly files: CapabilityFiles,
    private readonly warnings: string[],
  ) {}

  /** Those in the folder; for a part of a plugin also the manifest of the plugin around it. */
  async manifests(): Promise<CapabilityFile[]> {
    const folders = new Map<string, string>();
    for (const place of manifestPlaces) {
      for (const path of this.paths) {
        const folder = dirname(dirname(path));
        if (path === join(folder, place) && !folders.has(folder)) folders.set(folder, path);
      }
    }
    const outer = folders.has(this.root) ? undefined : await manifestAround(this.root);
    const paths = [...folders.values(), ...(outer === undefined ? [] : [outer])];
    sortByBytes(paths);
    const found: CapabilityFile[] = [];
    for (const path of paths) {
      const file = await this.files.read(path, this.warnings);
      if (file !== undefined) found.push(file);
    }
    return found;
  }

  async plugin(manifests: readonly CapabilityFile[]): Promise<PluginFiles | undefined> {
    const manifest = manifests.find((file) => folderOfManifest(file) === this.root);
    if (manifest === undefined) return undefined;
    const { mcpServers, apps } = parseManifest(manifest) ?? { mcpServers: null, apps: null };
    return {
      manifest,
      mcpConfig: await this.configOf(manifest, 'mcpServers', mcpServers, '.mcp.json'),
      appsConfig: await this.configOf(manifest, 'apps', apps, '.app.json'),
    };
  }

  async skills(): Promise<SkillFiles[]> {
    const skills: SkillFiles[] = [];
    for (const path of this.paths) {
      if (basename(path) !== SKILL_FILE) continue;
      const instructions = await this.files.read(path, this.warnings);
      if (instructions === undefined) continue;
      const metadataPath = join(dirname(path), METADATA_FILE);
      const metadata = this.paths.has(metadataPath)
        ? await this.files.read(metadataPath, this.warnings)
        : undefined;
      skills.push({ instructions, metadata });
    }
    return skills;
  }

  /** The file a manifest names; where it says nothing, the usual one if it is there. */
  private async configOf(
    manifest: CapabilityFile,
    member: 'mcpServers' | 'apps',
    value: unknown,
    usualName: string,
  ): Promise<CapabilityFile | null> {
    let path: string | undefined;
    if (typeof value === 'string') path = configPathOf(manifest, member, value, this.warnings);
    else if (value === undefined) path = await ifFile(join(this.root, usualName));
    return path === undefined ? null : ((await this.files.read(path, this.warnings)) ?? null);
  }
}

async function manifestAround(root: string): Promise<string | undefined> {
  for (let folder = dirname(root); ; folder = dirname(folder)) {
    for (const place of manifestPlaces) {
      const path = await ifFile(join(folder, place));
      if (path !== undefined) return path;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

/** The path, if something that may be a file is there. */
async function ifFile(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isDirectory() ? undefined : path;
  } catch {
    // Absent or out of reach: there is nothing to read.
    return undefined;
  }
}
