import { capabilityDisabled } from '../protocol/errorCodes';
import type { CapabilityDiscovery } from './capabilityDiscovery';
import type { ConfigurationReader } from './configuration';
import type { Capabilities, Capability, Environment } from './environment';
import type { EnvironmentInfo } from './environmentInfo';
import type { FileSystem } from './fileSystem';
import type { HttpClient } from './httpClient';
import type { ProcessBackend } from './processBackend';

/** Nowhere: it still tells where it would be, and refuses everything else. */
export class DisabledEnvironment implements Environment {
  readonly kind = 'disabled';
  readonly capabilities: Capabilities = { exec: false, filesystem: false };

  readonly processes: ProcessBackend = { start: refuse('exec') };

  readonly fileSystem: FileSystem = {
    getMetadata: refuse('filesystem'),
    readFile: refuse('filesystem'),
    writeFile: refuse('filesystem'),
    createDirectory: refuse('filesystem'),
    readDirectory: refuse('filesystem'),
    canonicalize: refuse('filesystem'),
    remove: refuse('filesystem'),
    copy: refuse('filesystem'),
    walk: refuse('filesystem'),
    open: refuse('filesystem'),
    watchMissing: refuse('filesystem'),
  };

  readonly http: HttpClient = { request: refuse('exec') };

  readonly configuration: ConfigurationReader = { read: refuse('filesystem') };

  readonly discovery: CapabilityDiscovery = {
    discoverInstalled: refuse('filesystem'),
    inspectRoots: refuse('filesystem'),
  };

  constructor(private readonly baseInfo: () => EnvironmentInfo) {}

  confinedFileSystem(): FileSystem {
    return this.fileSystem;
  }

  info(): EnvironmentInfo {
    return { ...this.baseInfo(), features: {} };
  }
}

function refuse(capability: Capability): () => Promise<never> {
  return () => Promise.reject(capabilityDisabled(capability));
}
