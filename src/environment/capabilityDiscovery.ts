import type {
  CapabilityFile,
  DiscoveredPlugin,
  DiscoveredSkill,
  DiscoveryRoot,
  PluginFiles,
} from '../protocol/discoveryMessages';

/** What is in one folder that may hold skills or be a plugin. */
export interface CapabilityRoot {
  readonly plugin: PluginFiles | undefined;
  /** In byte order of their paths. */
  readonly skills: readonly SkillFiles[];
  readonly namespaceManifests: readonly CapabilityFile[];
  /** What was left out, and why. */
  readonly warnings: readonly string[];
  /** Why nothing could be found out at all. */
  readonly error: string | undefined;
}

/** A skill as it is on disk. */
export interface SkillFiles {
  readonly instructions: CapabilityFile;
  readonly metadata: CapabilityFile | undefined;
}

/** What the Codex of an environment has been given, wherever a client works in it. */
export interface InstalledCapabilities {
  readonly plugins: readonly DiscoveredPlugin[];
  readonly skills: readonly (DiscoveredSkill & { readonly discoveryRoot: DiscoveryRoot })[];
  readonly warnings: readonly string[];
}

/**
 * Finds skills and plugins. Paths in requests are native and absolute, those in answers too; texts for
 * people name files as URIs, because the client shows them as they are.
 */
export interface CapabilityDiscovery {
  /** @throws RpcError −32603 when there is no telling where Codex keeps its files. */
  discoverInstalled(): Promise<InstalledCapabilities>;
  /** What cannot be looked at is an error in its root. All roots of a call share its limits. */
  inspectRoots(roots: readonly string[]): Promise<readonly CapabilityRoot[]>;
}
