import type { CapabilityFile, PluginFiles } from '../../protocol/discoveryMessages';
import type {
  CapabilityDiscovery,
  CapabilityRoot,
  InstalledCapabilities,
} from '../capabilityDiscovery';
import type { RemoteLink } from './remoteLink';
import type { RemotePaths } from './remotePaths';

/** The skills and plugins of a remote. */
export class RemoteCapabilityDiscovery implements CapabilityDiscovery {
  constructor(private readonly link: RemoteLink) {}

  discoverInstalled(): Promise<InstalledCapabilities> {
    return this.link.use(async ({ client, info, paths }) => {
      // What is found does not depend on the place, but one has to be named.
      const place = info.cwd ?? info.userHomeDir ?? rootOf(paths);
      const { plugins, skills, warnings } = await paths.send('fs', (write) =>
        client.request('capabilities/discoverV2', { cwd: write(place) }),
      );
      return {
        plugins: plugins.map((plugin) => ({
          ...plugin,
          root: paths.read(plugin.root),
          files: nativePlugin(plugin.files, paths),
          skills: plugin.skills.map((skill) => native(skill, paths)),
        })),
        skills: skills.map((skill) => ({
          ...native(skill, paths),
          discoveryRoot: native(skill.discoveryRoot, paths),
        })),
        warnings,
      };
    });
  }

  inspectRoots(roots: readonly string[]): Promise<readonly CapabilityRoot[]> {
    return this.link.use(async ({ client, paths }) => {
      const found = await paths.send('fs', (write) =>
        client.request('capabilityRoots/discoverV1', {
          roots: roots.map((root, index) => ({ id: String(index), path: write(root) })),
        }),
      );
      const byId = new Map(found.roots.map((root) => [root.id, root]));
      return roots.map((_, index): CapabilityRoot => {
        const root = byId.get(String(index));
        if (root === undefined) return notInspected;
        return {
          plugin: root.plugin === null ? undefined : nativePlugin(root.plugin, paths),
          skills: root.skills.map(({ instructions, metadata }) => ({
            instructions: native(instructions, paths),
            metadata: metadata === null ? undefined : native(metadata, paths),
          })),
          namespaceManifests: root.namespaceManifests.map((file) => native(file, paths)),
          warnings: root.warnings,
          error: root.error ?? undefined,
        };
      });
    });
  }
}

const notInspected: CapabilityRoot = {
  plugin: undefined,
  skills: [],
  namespaceManifests: [],
  warnings: [],
  error: 'the remote environment did not inspect it',
};

const rootOf = ({ style }: RemotePaths): string => (style === 'windows' ? 'C:\\' : '/');

function nativePlugin({ manifest, mcpConfig, appsConfig }: PluginFiles, paths: RemotePaths) {
  const orNull = (file: CapabilityFile | null): CapabilityFile | null =>
    file === null ? null : native(file, paths);
  return {
    manifest: native(manifest, paths),
    mcpConfig: orNull(mcpConfig),
    appsConfig: orNull(appsConfig),
  };
}

function native<T extends { readonly path: string }>(item: T, paths: RemotePaths): T {
  return { ...item, path: paths.read(item.path) };
}
