import type { ConfigurationStack } from '../../environment/configuration';
import type { Environment } from '../../environment/environment';
import type { ReadConfigResponse } from '../../protocol/environmentConfigMessages';
import type { HandlersOf, requests } from '../../protocol/methods';
import { parsePathText, pathToUri } from '../../protocol/pathText';

/** Adapts `environmentConfig/read` to whatever environment is current when the call arrives. */
export function environmentConfigHandlers(
  environment: () => Environment,
): Pick<HandlersOf<typeof requests, unknown>, 'environmentConfig/read'> {
  return {
    async 'environmentConfig/read'({ cwd, configPaths, requirementsPaths }) {
      const { path } = parsePathText(cwd);
      const found = await environment().configuration.read({
        cwd: path,
        configPaths,
        requirementsPaths,
      });
      return {
        userHomeDir: pathToUri(found.userHomeDir),
        codexHomeDir: pathToUri(found.codexHomeDir),
        hostname: found.hostname,
        config: describe(found.config),
        requirements: describe(found.requirements),
      };
    },
  };
}

function describe({
  layers,
  cloudInsertionIndex,
}: ConfigurationStack): ReadConfigResponse['config'] {
  return {
    layers: layers.map((layer) => ({ ...layer, baseDir: pathToUri(layer.baseDir) })),
    cloudInsertionIndex,
  };
}
