import type { Clock } from '../base/clock';
import type { Limits } from '../base/limits';
import { withinTime } from '../base/withinTime';
import type { Environment } from '../environment/environment';
import type { EnvironmentInfo } from '../environment/environmentInfo';
import type { EnvironmentInfoResponse } from '../protocol/environmentMessages';
import { RpcError, environmentUnreachable } from '../protocol/errorCodes';
import { pathToUri } from '../protocol/pathText';

/** What bounds the wait for a place that is not on this machine. */
export interface DescriptionPatience {
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'environmentInfoMs'>;
}

/**
 * An environment in the words of the wire: at once, or when the place has told about itself.
 *
 * @throws RpcError `environmentUnreachable` when it does not in time.
 */
export function describeEnvironment(
  environment: Environment,
  patience: DescriptionPatience,
): EnvironmentInfoResponse | Promise<EnvironmentInfoResponse> {
  const info = factsOf(environment, patience);
  if (!(info instanceof Promise)) return describe(environment, info);
  return info.then((facts) => describe(environment, facts));
}

/**
 * What a place tells about itself, which shows that it can be reached.
 *
 * @throws RpcError `environmentUnreachable` when it does not in time.
 */
export function factsOf(
  environment: Environment,
  { clock, limits: { environmentInfoMs } }: DescriptionPatience,
): EnvironmentInfo | Promise<EnvironmentInfo> {
  const info = environment.info();
  if (!(info instanceof Promise)) return info;
  const late = (): RpcError =>
    environmentUnreachable(undefined, `it has not answered within ${environmentInfoMs} ms`);
  return withinTime(info, clock, environmentInfoMs, late);
}

/** The same where not knowing is an answer too. */
export async function describeIfKnown(
  environment: Environment,
  patience: DescriptionPatience,
): Promise<EnvironmentInfoResponse | undefined> {
  try {
    return await describeEnvironment(environment, patience);
  } catch (error) {
    // The place cannot be asked now; whoever asks for it by itself is told why.
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

function describe(environment: Environment, info: EnvironmentInfo): EnvironmentInfoResponse {
  const { pathStyle: style, capabilities } = environment;
  const { exec, filesystem } = capabilities;
  const uriOf = (path: string): string => pathToUri(path, style);
  return {
    shell: info.shell,
    executorVersion: info.executorVersion,
    cwd: ifKnown(info.cwd, uriOf),
    userHomeDir: ifKnown(info.userHomeDir, uriOf),
    platformOs: info.platformOs,
    temporaryDirectories: info.temporaryDirectories.map(uriOf),
    tempDir: ifKnown(info.tempDir, uriOf),
    ...(info.servedThrough && { servedThrough: [...info.servedThrough] }),
    capabilities: { ...info.features, exec, filesystem },
  };
}

function ifKnown<T>(value: T | undefined, use: (value: T) => T): T | undefined {
  return value === undefined ? undefined : use(value);
}
