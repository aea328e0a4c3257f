import type { ConfigurationStack } from '../../environment/configuration';
import type { Environment } from '../../environment/environment';
import type { ReadConfigResponse } from '../../protocol/environmentConfigMessages';
import type { HandlersOf, requests } from '../../protocol/methods';
import type { PathStyle } from '../../protocol/pathStyle';
import { parsePathText, pathToUri } from '../../protocol/pathText';

/** Adapts `environmentConfig/read` to whatever environment is current when the call arrives. */
export function environmentConfigHandlers(
  environment: () => Environment,
): Pick<HandlersOf<typeof requests, unknown>, 'environmentConfig/read'> {
  return {
    async 'environmentConfig/read'({ cwd, configPaths, requirementsPaths }) {
      const { configuration, pathStyle: style } = environment();
      const { path } = parsePathText(cwd, style);
      const found = await configuration.read({ cwd: path, configPaths, requirementsPaths });
      return {
        userHomeDir: found.userHomeDir === undefined ? null : pathToUri(found.userHomeDir, style),
        codexHomeDir: pathToUri(found.codexHomeDir, style),
        hostname: found.hostname ?? null,
        config: describe(found.config, style),
        requirements: describe(found.requirements, style),
      };
    },
  };
}

function describe(
  { layers, cloudInsertionIndex }: ConfigurationStack,
  style: PathStyle,
): ReadConfigResponse['config'] {
  return {
    layers: layers.map((layer) => ({ ...layer, baseDir: pathToUri(layer.baseDir, style) })),
    cloudInsertionIndex,
  };
}
