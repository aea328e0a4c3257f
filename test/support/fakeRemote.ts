import { Deferred } from '../../src/base/deferred';
import { Emitter } from '../../src/base/event';
import type { Capabilities } from '../../src/environment/environment';
import type { RemoteTarget } from '../../src/environment/environmentChoice';
import type { EnvironmentInfo } from '../../src/environment/environmentInfo';
import type {
  ConnectedEnvironment,
  EnvironmentHealth,
} from '../../src/environment/environmentSource';
import type { FileSystem } from '../../src/environment/fileSystem';
import { refusingServices } from '../../src/environment/refusingServices';
import { capabilityDisabled } from '../../src/protocol/errorCodes';

/** A remote of which only the connection matters; tests say how that stands. */
export class FakeRemote implements ConnectedEnvironment {
  private readonly healthEmitter = new Emitter<EnvironmentHealth>();
  private readonly infoEmitter = new Emitter<void>();
  private readonly emptied = new Deferred<void>();
  private readonly services = refusingServices((capability) =>
    capabilityDisabled(capability, 'remote'),
  );
  readonly kind = 'remote';
  readonly pathStyle = 'posix';
  readonly processes = this.services.processes;
  readonly fileSystem = this.services.fileSystem;
  readonly http = this.services.http;
  readonly configuration = this.services.configuration;
  readonly discovery = this.services.discovery;
  readonly onDidChangeHealth = this.healthEmitter.event;
  readonly onDidChangeInfo = this.infoEmitter.event;
  capabilities: Capabilities = { exec: true, filesystem: true };
  health: EnvironmentHealth = { kind: 'connecting' };
  cwd: string | undefined;
  /** What was asked of the connection, in order. */
  readonly asked: string[] = [];

  constructor(readonly target: RemoteTarget) {}

  setHealth(health: EnvironmentHealth): void {
    this.health = health;
    this.healthEmitter.fire(health);
  }

  setCapabilities(capabilities: Capabilities): void {
    this.capabilities = capabilities;
    this.infoEmitter.fire();
  }

  /** Nothing runs there any more. */
  becomeEmpty(): void {
    this.emptied.resolve();
  }

  failToRetire(reason: Error): void {
    this.emptied.reject(reason);
  }

  info(): Promise<EnvironmentInfo> {
    return Promise.reject(new Error('nothing is known of a fake'));
  }

  confinedFileSystem(): FileSystem {
    return this.fileSystem;
  }

  reconnect(): Promise<void> {
    this.asked.push('reconnect');
    return Promise.resolve();
  }

  retire(): Promise<void> {
    this.asked.push('retire');
    return this.emptied.promise;
  }

  dispose(): void {
    this.asked.push('dispose');
    this.healthEmitter.dispose();
    this.infoEmitter.dispose();
  }
}
