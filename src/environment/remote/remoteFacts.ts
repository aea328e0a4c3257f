import type { EnvironmentInfoResponse } from '../../protocol/environmentMessages';
import type { PathStyle } from '../../protocol/pathStyle';
import type { Capabilities } from '../environment';
import type { EnvironmentInfo } from '../environmentInfo';

/**
 * Features that work through us as they do at the remote. Any other that a remote has is not passed on:
 * its clients would send what the services of an environment cannot carry.
 */
const PASSED_ON = [
  'capabilityDiscoveryV2',
  'environmentConfigRead',
  'fileWriteStreaming',
  'fsWatchMissing',
  'httpHeaderEnvVars',
  'sandboxedFileStreaming',
  'shellSnapshotV2',
] as const;

/** A feature of a remote that we can use. */
export type RemoteFeature = (typeof PASSED_ON)[number];

/** What a server tells about itself, with native paths; `readPath` reads one of its texts. */
export function environmentInfoOf(
  told: EnvironmentInfoResponse,
  readPath: (text: string) => string,
): EnvironmentInfo {
  const { capabilities = {} } = told;
  const pathOf = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : readPath(text);
  return {
    shell: told.shell,
    executorVersion: told.executorVersion,
    cwd: pathOf(told.cwd),
    userHomeDir: pathOf(told.userHomeDir),
    platformOs: platformOf(told),
    temporaryDirectories: (told.temporaryDirectories ?? []).map(readPath),
    tempDir: pathOf(told.tempDir),
    servedThrough: told.servedThrough,
    features: Object.fromEntries(
      PASSED_ON.flatMap((name) => (capabilities[name] === true ? [[name, true]] : [])),
    ),
  };
}

/** How paths are written there. */
export function pathStyleOf(told: EnvironmentInfoResponse): PathStyle {
  return platformOf(told) === 'windows' ? 'windows' : 'posix';
}

/** What may be done there. Only servers of ours tell; all others can do both. */
export function capabilitiesOf({ capabilities }: EnvironmentInfoResponse): Capabilities {
  return {
    exec: capabilities?.['exec'] !== false,
    filesystem: capabilities?.['filesystem'] !== false,
  };
}

/** Releases up to 0.150 do not tell, and their shell does: only Windows has these. */
function platformOf({ platformOs, shell }: EnvironmentInfoResponse): EnvironmentInfo['platformOs'] {
  if (platformOs === 'macos' || platformOs === 'windows') return platformOs;
  if (platformOs !== undefined) return 'linux';
  return /^[a-z]:[\\/]/i.test(shell.path) ? 'windows' : 'linux';
}
