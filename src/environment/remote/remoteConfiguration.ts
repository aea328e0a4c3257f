import type { ReadConfigResponse } from '../../protocol/environmentConfigMessages';
import type {
  Configuration,
  ConfigurationReader,
  ConfigurationRequest,
  ConfigurationStack,
} from '../configuration';
import type { RemoteLink } from './remoteLink';
import type { RemotePaths } from './remotePaths';

/** How the Codex of a remote is set up. No configuration of this machine is looked at for it. */
export class RemoteConfiguration implements ConfigurationReader {
  constructor(private readonly link: RemoteLink) {}

  read({ cwd, configPaths, requirementsPaths }: ConfigurationRequest): Promise<Configuration> {
    return this.link.use(async ({ client, paths }) => {
      const found = await paths.send('fs', (write) =>
        client.request('environmentConfig/read', {
          cwd: write(cwd),
          configPaths: [...configPaths],
          requirementsPaths: [...requirementsPaths],
        }),
      );
      return {
        userHomeDir: found.userHomeDir === null ? undefined : paths.read(found.userHomeDir),
        codexHomeDir: paths.read(found.codexHomeDir),
        hostname: found.hostname ?? undefined,
        config: stackOf(found.config, paths),
        requirements: stackOf(found.requirements, paths),
      };
    });
  }
}

function stackOf(
  { layers, cloudInsertionIndex }: ReadConfigResponse['config'],
  paths: RemotePaths,
): ConfigurationStack {
  return {
    layers: layers.map((layer) => ({ ...layer, baseDir: paths.read(layer.baseDir) })),
    cloudInsertionIndex,
  };
}
