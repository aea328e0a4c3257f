import type { Capabilities, Environment } from '../environment';
import type { EnvironmentInfo } from '../environmentInfo';
import type { FileSystem } from '../fileSystem';
import type { ProcessBackend } from '../processBackend';

/** The parts a `LocalEnvironment` is made of. */
export interface LocalEnvironmentOptions {
  /** Asked at every call: the workspace folders may change. */
  readonly info: () => EnvironmentInfo;
  readonly processes: ProcessBackend;
  readonly fileSystem: FileSystem;
}

/** This machine, with everything on. */
export class LocalEnvironment implements Environment {
  readonly kind = 'local';
  readonly capabilities: Capabilities = { exec: true, filesystem: true };
  readonly processes: ProcessBackend;
  readonly fileSystem: FileSystem;

  constructor(private readonly options: LocalEnvironmentOptions) {
    this.processes = options.processes;
    this.fileSystem = options.fileSystem;
  }

  info(): EnvironmentInfo {
    return this.options.info();
  }
}
