import type { Limits } from '../../base/limits';
import type { CapabilityRoot } from '../../environment/capabilityDiscovery';
import type { Environment } from '../../environment/environment';
import type { CapabilityFile, PluginFiles } from '../../protocol/discoveryMessages';
import { RpcError, invalidRequest } from '../../protocol/errorCodes';
import type { HandlersOf, requests } from '../../protocol/methods';
import type { PathStyle } from '../../protocol/pathStyle';
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
      // What is found does not depend on it, but a place that means nothing there is a mistake.
      const { discovery, pathStyle: style } = environment();
      parsePathText(cwd, style);
      const { plugins, skills, warnings } = await discovery.discoverInstalled();
      return {
        plugins: plugins.map((plugin) => ({
          ...plugin,
          root: pathToUri(plugin.root, style),
          files: describePlugin(plugin.files, style),
          skills: plugin.skills.map((skill) => withUri(skill, style)),
        })),
        skills: skills.map((skill) => ({
          ...withUri(skill, style),
          discoveryRoot: withUri(skill.discoveryRoot, style),
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
      const { discovery, pathStyle: style } = environment();
      const places = roots.map(({ path }) => placeOf(path, style));
      const found = await discovery.inspectRoots(
        places.flatMap((place) => ('path' in place ? [place.path] : [])),
      );
      const inspected = found[Symbol.iterator]();
      return {
        roots: roots.map(({ id, path: text }, index) => {
          const place = places[index];
          if (place === undefined || 'error' in place) {
            return { id, path: text, ...describeRoot(failedRoot(place?.error), style) };
          }
          const next = inspected.next();
          const root = next.done === true ? failedRoot(undefined) : next.value;
          const path = formatPath(place.path, place.form, style);
          return { id, path, ...describeRoot(root, style) };
        }),
      };
    },
  };
}

/** A root that names no place there fails alone. */
function placeOf(
  text: string,
  style: PathStyle,
): ReturnType<typeof parsePathText> | { readonly error: string } {
  try {
    return parsePathText(text, style);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { error: `failed to inspect capability root ${text}: ${error.message}` };
  }
}

function failedRoot(error = 'it was not inspected'): CapabilityRoot {
  return { plugin: undefined, skills: [], namespaceManifests: [], warnings: [], error };
}

function describeRoot(
  { plugin, skills, namespaceManifests, warnings, error }: CapabilityRoot,
  style: PathStyle,
) {
  return {
    plugin: plugin === undefined ? null : describePlugin(plugin, style),
    skills: skills.map(({ instructions, metadata }) => ({
      instructions: withUri(instructions, style),
      metadata: metadata === undefined ? null : withUri(metadata, style),
    })),
    namespaceManifests: namespaceManifests.map((manifest) => withUri(manifest, style)),
    warnings: [...warnings],
    error: error ?? null,
  };
}

function describePlugin(
  { manifest, mcpConfig, appsConfig }: PluginFiles,
  style: PathStyle,
): PluginFiles {
  const orNull = (file: CapabilityFile | null): CapabilityFile | null =>
    file === null ? null : withUri(file, style);
  return {
    manifest: withUri(manifest, style),
    mcpConfig: orNull(mcpConfig),
    appsConfig: orNull(appsConfig),
  };
}

function withUri<T extends { readonly path: string }>(item: T, style: PathStyle): T {
  return { ...item, path: pathToUri(item.path, style) };
}
