import type { Capabilities, Environment } from '../environment';
import type { EnvironmentInfo } from '../environmentInfo';
import type { CapabilityDiscovery } from '../capabilityDiscovery';
import type { ConfigurationReader } from '../configuration';
import type { FileSystem } from '../fileSystem';
import type { HttpClient } from '../httpClient';
import type { ProcessBackend } from '../processBackend';
import type { Sandbox } from '../sandbox';
import { localPathStyle } from '../../protocol/pathStyle';
import { cannotConfine } from './sandbox/sandboxErrors';

/** The parts a `LocalEnvironment` is made of. */
export interface LocalEnvironmentOptions {
  /** Asked at every call: the workspace folders may change. */
  readonly info: () => EnvironmentInfo;
  readonly processes: ProcessBackend;
  readonly fileSystem: FileSystem;
  readonly http: HttpClient;
  readonly configuration: ConfigurationReader;
  readonly discovery: CapabilityDiscovery;
  /** Absent where file operations cannot be confined. */
  readonly confinedFiles?: { within(sandbox: Sandbox): FileSystem };
}

/** This machine, with everything on. */
export class LocalEnvironment implements Environment {
  readonly kind = 'local';
  readonly pathStyle = localPathStyle;
  readonly capabilities: Capabilities = { exec: true, filesystem: true };
  readonly processes: ProcessBackend;
  readonly fileSystem: FileSystem;
  readonly http: HttpClient;
  readonly configuration: ConfigurationReader;
  readonly discovery: CapabilityDiscovery;

  constructor(private readonly options: LocalEnvironmentOptions) {
    this.processes = options.processes;
    this.fileSystem = options.fileSystem;
    this.http = options.http;
    this.configuration = options.configuration;
    this.discovery = options.discovery;
  }

  confinedFileSystem(sandbox: Sandbox): FileSystem {
    const { confinedFiles } = this.options;
    if (confinedFiles === undefined) throw cannotConfine('it has no means to');
    return confinedFiles.within(sandbox);
  }

  info(): EnvironmentInfo {
    return this.options.info();
  }
}
