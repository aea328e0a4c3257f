import { toError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import type { EnvironmentChoice, RemoteTarget } from '../../environment/environmentChoice';
import { environmentFromVariables } from '../../environment/environmentFromVariables';
import { readCodexEnvironments } from '../../environment/local/codexEnvironments';
import { EnvironmentDirectory } from './environmentDirectory';
import type { EnvironmentDirectoryOptions } from './environmentDirectory';

/** This window's variables and the files of its user, from which remotes are read too. */
export interface DirectoryPlaces extends Pick<
  EnvironmentDirectoryOptions,
  'choice' | 'tokens' | 'settings'
> {
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly logger: Logger;
}

/** The places of this window, with those that Codex on this machine knows. */
export function openDirectory(places: DirectoryPlaces): EnvironmentDirectory {
  return new EnvironmentDirectory({
    ...places,
    variable: readVariable(places),
    readEnvironmentsToml: () => readToml(places),
  });
}

/** An address that cannot be read is not this machine: nothing is where its author meant calls to go. */
function readVariable({ variables, logger }: DirectoryPlaces): EnvironmentChoice {
  try {
    return environmentFromVariables(variables);
  } catch (error) {
    logger.error('ignored the variable', { reason: toError(error).message });
    return { mode: 'disabled' };
  }
}

/** What is wrong with the file concerns Codex first; here it only offers less. */
async function readToml({
  variables,
  home,
  logger,
}: DirectoryPlaces): Promise<readonly RemoteTarget[]> {
  try {
    const { environments, problems } = await readCodexEnvironments(variables, home);
    for (const reason of problems)
      logger.warn('left out an entry of environments.toml', { reason });
    return environments;
  } catch (error) {
    logger.warn('could not read environments.toml', { reason: toError(error).message });
    return [];
  }
}
