import { capabilityDisabled } from '../protocol/errorCodes';
import { localPathStyle } from '../protocol/pathStyle';
import type { Capabilities, Environment } from './environment';
import type { EnvironmentInfo } from './environmentInfo';
import type { FileSystem } from './fileSystem';
import { refusingServices } from './refusingServices';

const { processes, fileSystem, http, configuration, discovery } = refusingServices((capability) =>
  capabilityDisabled(capability, 'mode'),
);

/** Nowhere: it still tells where it would be, and refuses everything else. */
export class DisabledEnvironment implements Environment {
  readonly kind = 'disabled';
  readonly pathStyle = localPathStyle;
  readonly capabilities: Capabilities = { exec: false, filesystem: false };
  readonly processes = processes;
  readonly fileSystem = fileSystem;
  readonly http = http;
  readonly configuration = configuration;
  readonly discovery = discovery;

  constructor(private readonly baseInfo: () => EnvironmentInfo) {}

  confinedFileSystem(): FileSystem {
    return this.fileSystem;
  }

  info(): EnvironmentInfo {
    return { ...this.baseInfo(), features: {} };
  }
}
