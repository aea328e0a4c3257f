import type { Limits } from '../../base/limits';
import type { CapabilityRoot } from '../../environment/capabilityDiscovery';
import type { Environment } from '../../environment/environment';
import type { CapabilityFile, PluginFiles } from '../../protocol/discoveryMessages';
import { RpcError, invalidRequest } from '../../protocol/errorCodes';
import type { HandlersOf, requests } from '../../protocol/methods';
import { formatPath, parsePathText, pathToUri } from '../../protocol/pathText';
import { refuseSandbox } from './sandboxRefusal';

type DiscoveryHandlers = Pick<
  HandlersOf<typeof requests, unknown>,
  'capabilities/discoverV2' | 'capabilityRoots/discoverV1'
>;

/** Adapts the discovery of skills and plugins to whatever environment is current when the call arrives. */
export function discoveryHandlers(
  environment: () => Environment,
  { maxCapabilityRoots }: Pick<Limits, 'maxCapabilityRoots'>,
): DiscoveryHandlers {
  return {
    async 'capabilities/discoverV2'({ cwd, sandbox }) {
      refuseSandbox(sandbox);
      // What is found does not depend on it, but a place that means nothing here is a mistake.
      parsePathText(cwd);
      const { plugins, skills, warnings } = await environment().discovery.discoverInstalled();
      return {
        plugins: plugins.map((plugin) => ({
          ...plugin,
          root: pathToUri(plugin.root),
          files: describePlugin(plugin.files),
          skills: plugin.skills.map(withUri),
        })),
        skills: skills.map((skill) => ({
          ...withUri(skill),
          discoveryRoot: withUri(skill.discoveryRoot),
        })),
        warnings: [...warnings],
      };
    },

    async 'capabilityRoots/discoverV1'({ roots, sandbox }) {
      refuseSandbox(sandbox);
      if (roots.length > maxCapabilityRoots) {
        throw invalidRequest(
          `capability root discovery accepts at most ${maxCapabilityRoots} roots`,
        );
      }
      const places = roots.map(({ path }) => placeOf(path));
      const found = await environment().discovery.inspectRoots(
        places.flatMap((place) => ('path' in place ? [place.path] : [])),
      );
      const inspected = found[Symbol.iterator]();
      return {
        roots: roots.map(({ id, path: text }, index) => {
          const place = places[index];
          if (place === undefined || 'error' in place) {
            return { id, path: text, ...describeRoot(failedRoot(place?.error)) };
          }
          const next = inspected.next();
          const root = next.done === true ? failedRoot(undefined) : next.value;
          return { id, path: formatPath(place.path, place.form), ...describeRoot(root) };
        }),
      };
    },
  };
}

/** A root that names no place here fails alone. */
function placeOf(text: string): ReturnType<typeof parsePathText> | { readonly error: string } {
  try {
    return parsePathText(text);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { error: `failed to inspect capability root ${text}: ${error.message}` };
  }
}

function failedRoot(error = 'it was not inspected'): CapabilityRoot {
  return { plugin: undefined, skills: [], namespaceManifests: [], warnings: [], error };
}

function describeRoot({ plugin, skills, namespaceManifests, warnings, error }: CapabilityRoot) {
  return {
    plugin: plugin === undefined ? null : describePlugin(plugin),
    skills: skills.map(({ instructions, metadata }) => ({
      instructions: withUri(instructions),
      metadata: metadata === undefined ? null : withUri(metadata),
    })),
    namespaceManifests: namespaceManifests.map(withUri),
    warnings: [...warnings],
    error: error ?? null,
  };
}

function describePlugin({ manifest, mcpConfig, appsConfig }: PluginFiles): PluginFiles {
  const orNull = (file: CapabilityFile | null): CapabilityFile | null =>
    file === null ? null : withUri(file);
  return {
    manifest: withUri(manifest),
    mcpConfig: orNull(mcpConfig),
    appsConfig: orNull(appsConfig),
  };
}

function withUri<T extends { readonly path: string }>(item: T): T {
  return { ...item, path: pathToUri(item.path) };
}
