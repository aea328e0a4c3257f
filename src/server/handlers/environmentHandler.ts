import type { Environment } from '../../environment/environment';
import type { EnvironmentInfoResponse } from '../../protocol/environmentMessages';
import { capabilityDisabled } from '../../protocol/errorCodes';
import type { HandlersOf, requests } from '../../protocol/methods';
import { pathToUri } from '../../protocol/pathText';

type EnvironmentHandlers = Pick<
  HandlersOf<typeof requests, unknown>,
  'environment/info' | 'environment/status'
>;

/** Adapts `environment/*` to whatever environment is current when the call arrives. */
export function environmentHandlers(environment: () => Environment): EnvironmentHandlers {
  return {
    'environment/info': () => describeEnvironment(environment()),
    'environment/status': () => {
      if (environment().kind === 'disabled') throw capabilityDisabled('the environment');
      return { status: 'ready' };
    },
  };
}

/** An environment in the words of the wire; `initialize` answers with the same. */
export function describeEnvironment(environment: Environment): EnvironmentInfoResponse {
  const info = environment.info();
  return {
    shell: info.shell,
    executorVersion: info.executorVersion,
    cwd: pathToUri(info.cwd),
    userHomeDir: pathToUri(info.userHomeDir),
    platformOs: info.platformOs,
    temporaryDirectories: info.temporaryDirectories.map(pathToUri),
    tempDir: pathToUri(info.tempDir),
    capabilities: { ...info.features },
  };
}
