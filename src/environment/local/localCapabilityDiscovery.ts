import { dirname, join } from 'node:path';
import type { Clock } from '../../base/clock';
import type { Limits } from '../../base/limits';
import type { CapabilityFile, DiscoveredSkill } from '../../protocol/discoveryMessages';
import type {
  CapabilityDiscovery,
  CapabilityRoot,
  InstalledCapabilities,
} from '../capabilityDiscovery';
import type { CapabilityFileLimits } from './capabilityFiles';
import { CapabilityFiles } from './capabilityFiles';
import type { RootLimits } from './capabilityRoot';
import { inspectRoot, isAbsent } from './capabilityRoot';
import type { CodexPlaces } from './codexHome';
import { findCodexHome } from './codexHome';
import type { InstalledPlugin } from './installedPlugins';
import { findInstalledPlugins } from './installedPlugins';
import type { PluginManifest } from './pluginManifest';
import { folderOfManifest, parseManifest } from './pluginManifest';
import type { ParseYaml } from './skillInstructions';
import { parseSkillHeader } from './skillInstructions';
import { noMetadata, parseSkillMetadata } from './skillMetadata';

export interface LocalCapabilityDiscoveryOptions {
  readonly places: CodexPlaces;
  readonly limits: RootLimits & CapabilityFileLimits & Pick<Limits, 'maxDiscoveredPlugins'>;
  readonly clock: Clock;
}

type Inspect = (root: string) => Promise<CapabilityRoot>;

/** All a client does with it is tell its user that something is missing. */
const INCOMPLETE = 'some capability metadata could not be loaded; discovery may be incomplete';

/** Skills and plugins of this machine's Codex. */
export class LocalCapabilityDiscovery implements CapabilityDiscovery {
  constructor(private readonly options: LocalCapabilityDiscoveryOptions) {}

  async inspectRoots(roots: readonly string[]): Promise<readonly CapabilityRoot[]> {
    const inspect = this.inspector();
    const results: CapabilityRoot[] = [];
    for (const root of roots) results.push(await inspect(root));
    return results;
  }

  async discoverInstalled(): Promise<InstalledCapabilities> {
    const { places } = this.options;
    const codexHome = await findCodexHome(places);
    const inspect = this.inspector();
    const parse = await loadYaml();
    const skills: InstalledCapabilities['skills'][number][] = [];
    const warnings: string[] = [];
    for (const discoveryRoot of skillRootsOf(places, codexHome)) {
      if (await isAbsent(discoveryRoot.path)) continue;
      const root = await inspect(discoveryRoot.path);
      const found = describeSkills(root, parse);
      skills.push(...found.map((skill) => ({ ...skill, discoveryRoot })));
      if (isIncomplete(root, found)) warnings.push(INCOMPLETE);
    }
    const plugins = await this.discoverPlugins(codexHome, { inspect, parse, warnings });
    return { plugins, skills, warnings };
  }

  private async discoverPlugins(
    codexHome: string,
    tools: {
      readonly inspect: Inspect;
      readonly parse: ParseYaml;
      readonly warnings: string[];
    },
  ): Promise<InstalledCapabilities['plugins']> {
    const { maxDiscoveredPlugins: limit } = this.options.limits;
    const installed = await findInstalledPlugins(codexHome);
    if (installed.length > limit) {
      tools.warnings.push(`only ${limit} of ${installed.length} plugins were looked at`);
    }
    const plugins: InstalledCapabilities['plugins'][number][] = [];
    for (const plugin of installed.slice(0, limit)) {
      const root = await tools.inspect(plugin.root);
      const skills = describeSkills(root, tools.parse);
      const described = describePlugin(plugin, root, skills);
      if (described !== undefined) plugins.push(described);
      if (described === undefined || isIncomplete(root, skills)) tools.warnings.push(INCOMPLETE);
    }
    return plugins;
  }

  private inspector(): Inspect {
    const { limits, clock } = this.options;
    const files = new CapabilityFiles(limits);
    return (root) => inspectRoot(root, { files, limits, clock });
  }
}

/** Where a user and an administrator put skills. */
function skillRootsOf(
  { userHomeDir, systemDirectory }: CodexPlaces,
  codexHome: string,
): { id: string; path: string }[] {
  return [
    { id: 'codex-home-skills', path: join(codexHome, 'skills') },
    { id: 'user-agent-skills', path: join(userHomeDir, '.agents', 'skills') },
    ...(systemDirectory === undefined
      ? []
      : [{ id: 'system-skills', path: join(systemDirectory, 'skills') }]),
  ];
}

function describePlugin(
  { id, version, root: path }: InstalledPlugin,
  root: CapabilityRoot,
  skills: DiscoveredSkill[],
): InstalledCapabilities['plugins'][number] | undefined {
  const manifest = root.plugin === undefined ? undefined : parseManifest(root.plugin.manifest);
  if (root.plugin === undefined || manifest === undefined) return undefined;
  const mcpConfig = inlineConfigOf(manifest, root.plugin.manifest) ?? root.plugin.mcpConfig;
  return {
    id,
    displayName: manifest.displayName,
    remotePluginId: null,
    version,
    root: path,
    files: { ...root.plugin, mcpConfig },
    skills,
  };
}

/** Servers written into the manifest itself, as if they were a file. */
function inlineConfigOf(
  { mcpServers }: PluginManifest,
  { path }: CapabilityFile,
): CapabilityFile | undefined {
  if (typeof mcpServers !== 'object' || mcpServers === null) return undefined;
  return { path, contents: JSON.stringify(mcpServers) };
}

function describeSkills(root: CapabilityRoot, parse: ParseYaml): DiscoveredSkill[] {
  const pluginNames = new Map(
    root.namespaceManifests.map((file) => [folderOfManifest(file), parseManifest(file)?.name]),
  );
  return root.skills.flatMap((skill) => {
    const header = parseSkillHeader(skill.instructions, parse);
    if (header === undefined) return [];
    const { dependencies, policy } =
      skill.metadata === undefined
        ? noMetadata
        : parseSkillMetadata(skill.metadata.contents, parse);
    const pluginName = pluginNameOf(skill.instructions.path, pluginNames);
    return [
      {
        name: pluginName === undefined ? header.name : `${pluginName}:${header.name}`,
        description: header.description,
        shortDescription: header.shortDescription ?? null,
        path: skill.instructions.path,
        dependencies,
        policy,
      },
    ];
  });
}

/** The name of the innermost plugin a skill is in. */
function pluginNameOf(
  path: string,
  namesByFolder: ReadonlyMap<string, string | undefined>,
): string | undefined {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (namesByFolder.has(folder)) return namesByFolder.get(folder);
    if (folder === dirname(folder)) return undefined;
  }
}

function isIncomplete(root: CapabilityRoot, described: readonly DiscoveredSkill[]): boolean {
  const { error, warnings, skills } = root;
  return error !== undefined || warnings.length > 0 || described.length < skills.length;
}

async function loadYaml(): Promise<ParseYaml> {
  const { parseYaml } = await import('./textLibraries.js');
  // Its warnings would go to the process, where nobody reads them.
  return (text) => parseYaml(text, { logLevel: 'error' }) as unknown;
}
