import type { PathStyle } from '../protocol/pathStyle';
import type { CapabilityDiscovery } from './capabilityDiscovery';
import type { ConfigurationReader } from './configuration';
import type { EnvironmentInfo } from './environmentInfo';
import type { FileSystem } from './fileSystem';
import type { HttpClient } from './httpClient';
import type { ProcessBackend } from './processBackend';
import type { Sandbox } from './sandbox';

/** What an agent may do in an environment; each is on or off for itself. */
export type Capability = 'exec' | 'filesystem';

/** Which of them are on. */
export type Capabilities = Readonly<Record<Capability, boolean>>;

/**
 * A place where things run. The rest of the system talks to the services on it and cannot tell what
 * backs them. A capability that is off answers with an error here too, whoever asks.
 */
export interface Environment {
  /** Where it is: on this machine, behind another exec-server, or nowhere. */
  readonly kind: 'local' | 'remote' | 'disabled';
  /** How absolute paths are written there. */
  readonly pathStyle: PathStyle;
  readonly capabilities: Capabilities;
  /** Those of the place that the user's settings withhold; absent: none. */
  readonly switchedOff?: ReadonlySet<Capability>;
  /**
   * What it is like there. At once on this machine; elsewhere after the connection is made.
   *
   * @throws RpcError `environmentUnreachable`
   */
  info(): EnvironmentInfo | Promise<EnvironmentInfo>;
  /** @throws RpcError `capabilityDisabled` when exec is off. */
  readonly processes: ProcessBackend;
  /** @throws RpcError `capabilityDisabled` when the filesystem is off. */
  readonly fileSystem: FileSystem;
  /** @throws RpcError `capabilityDisabled` when exec is off: a command could send the same. */
  readonly http: HttpClient;
  /** @throws RpcError `capabilityDisabled` when the filesystem is off. */
  readonly configuration: ConfigurationReader;
  /** @throws RpcError `capabilityDisabled` when the filesystem is off. */
  readonly discovery: CapabilityDiscovery;
  /**
   * The same files as a caller may use them that asked to be confined.
   *
   * @throws RpcError −32600, here or at the first call, where that cannot be enforced.
   */
  confinedFileSystem(sandbox: Sandbox): FileSystem;
}
