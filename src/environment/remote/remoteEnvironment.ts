import type { Clock } from '../../base/clock';
import { systemClock } from '../../base/clock';
import { Emitter } from '../../base/event';
import type { Event } from '../../base/event';
import { DisposableStore } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { Logger } from '../../base/logger';
import { withinTime } from '../../base/withinTime';
import { connectExecServer } from '../../client/connectExecServer';
import type { ConnectExecServerOptions } from '../../client/connectExecServer';
import type { ExecServerClient } from '../../client/execServerClient';
import type { RpcError } from '../../protocol/errorCodes';
import { environmentUnreachable } from '../../protocol/errorCodes';
import type { PathStyle } from '../../protocol/pathStyle';
import type { CapabilityDiscovery } from '../capabilityDiscovery';
import type { ConfigurationReader } from '../configuration';
import type { Capabilities } from '../environment';
import type { RemoteTarget } from '../environmentChoice';
import type { EnvironmentInfo } from '../environmentInfo';
import type { ConnectedEnvironment, EnvironmentHealth } from '../environmentSource';
import type { FileSystem } from '../fileSystem';
import type { HttpClient } from '../httpClient';
import type { ProcessBackend } from '../processBackend';
import type { Sandbox } from '../sandbox';
import { ReaderSessions } from './readerSessions';
import { RemoteCapabilityDiscovery } from './remoteCapabilityDiscovery';
import { RemoteConfiguration } from './remoteConfiguration';
import { RemoteFileSystem } from './remoteFileSystem';
import { RemoteHttpClient } from './remoteHttpClient';
import { RemoteLink } from './remoteLink';
import { RemotePeer } from './remotePeer';
import { RemoteProcessBackend } from './remoteProcessBackend';
import { SharedMissingWatch } from './sharedMissingWatch';

export interface RemoteEnvironmentOptions {
  readonly target: RemoteTarget;
  /** How we name ourselves there. */
  readonly clientName: string;
  /** The executor that serves it to others, as it names itself to them. */
  readonly executorId?: string;
  readonly limits: Limits;
  readonly clock?: Clock;
  readonly logger: Logger;
  readonly connect?: (options: ConnectExecServerOptions) => Promise<ExecServerClient>;
}

/**
 * Another exec-server, reached as soon as there is one. It uses several sessions there:
 *
 *   files, facts, configuration, discovery ── the session whose state is the environment's health
 *   processes ── one for each reader, so that a slow one holds back nobody else
 *   HTTP ── one for all bodies, for the same reason
 */
export class RemoteEnvironment implements ConnectedEnvironment {
  private readonly store = new DisposableStore();
  private readonly infoEmitter = this.store.add(new Emitter<void>());
  private readonly link: RemoteLink;
  private readonly httpLink: RemoteLink;
  private readonly sessions: ReaderSessions;
  private readonly backend: RemoteProcessBackend;
  private readonly missingWatch: SharedMissingWatch;
  private lastPeer: RemotePeer | undefined;

  readonly kind = 'remote';
  readonly processes: ProcessBackend;
  readonly fileSystem: FileSystem;
  readonly http: HttpClient;
  readonly configuration: ConfigurationReader;
  readonly discovery: CapabilityDiscovery;
  readonly onDidChangeHealth: Event<EnvironmentHealth>;
  /** What it says about itself may be another thing now: `info`, `capabilities`, `pathStyle`, `cwd`. */
  readonly onDidChangeInfo = this.infoEmitter.event;

  /** Begins to connect. */
  constructor(private readonly options: RemoteEnvironmentOptions) {
    const { target, limits, logger } = options;
    const clock = options.clock ?? systemClock;
    const { name: remote } = target;
    const common = { name: remote, open: () => this.open(), limits, clock, logger };
    this.httpLink = this.store.add(
      new RemoteLink({
        ...common,
        keepsTrying: false,
        open: () => this.openAnother(),
      }),
    );
    this.sessions = this.store.add(
      new ReaderSessions({
        open: async () => new RemotePeer(await this.openAnother()),
        limits,
        clock,
        logger,
      }),
    );
    this.backend = this.store.add(
      new RemoteProcessBackend({ remote, sessions: this.sessions, limits, clock, logger }),
    );
    this.link = this.store.add(new RemoteLink({ ...common, keepsTrying: true }));
    this.missingWatch = this.store.add(new SharedMissingWatch(this.link, limits));
    this.processes = this.backend;
    this.fileSystem = this.files();
    this.http = new RemoteHttpClient({ remote, link: this.httpLink, limits });
    this.configuration = new RemoteConfiguration(this.link);
    this.discovery = new RemoteCapabilityDiscovery(this.link);
    this.onDidChangeHealth = this.link.onDidChangeHealth;
    this.store.add(
      this.link.onDidOpen((peer) => {
        this.noteInfo(peer);
        peer.onDidChangeInfo(() => {
          this.noteInfo(peer);
        });
      }),
    );
    void this.link.connect();
  }

  get health(): EnvironmentHealth {
    return this.link.health;
  }

  get pathStyle(): PathStyle {
    return this.lastPeer?.paths.style ?? 'posix';
  }

  get cwd(): string | undefined {
    return this.lastPeer?.info.cwd;
  }

  get capabilities(): Capabilities {
    return this.lastPeer?.capabilities ?? { exec: true, filesystem: true };
  }

  async info(): Promise<EnvironmentInfo> {
    const { limits, target } = this.options;
    const clock = this.options.clock ?? systemClock;
    const late = (): RpcError =>
      environmentUnreachable(target.name, this.health.reason ?? 'it has not answered yet');
    const peer = await withinTime(this.link.peer(), clock, limits.environmentInfoMs, late);
    return this.asServed(peer.info);
  }

  confinedFileSystem(sandbox: Sandbox): FileSystem {
    return this.files(sandbox);
  }

  async reconnect(): Promise<void> {
    await this.link.settle();
  }

  async retire(): Promise<void> {
    this.backend.retire();
    this.missingWatch.dispose();
    this.link.dispose();
    this.httpLink.dispose();
    await this.sessions.retire();
  }

  /** Cuts every connection; what still runs there has failed, and ends there with its session. */
  dispose(): void {
    this.store.dispose();
  }

  private asServed(info: EnvironmentInfo): EnvironmentInfo {
    const { executorId } = this.options;
    if (executorId === undefined) return info;
    return { ...info, servedThrough: [executorId, ...(info.servedThrough ?? [])] };
  }

  private noteInfo(peer: RemotePeer): void {
    this.lastPeer = peer;
    this.infoEmitter.fire();
  }

  private files(sandbox?: Sandbox): RemoteFileSystem {
    const { link, missingWatch } = this;
    const { limits, target } = this.options;
    return new RemoteFileSystem({
      remote: target.name,
      link,
      missingWatch,
      limits,
      ...(sandbox !== undefined && { sandbox }),
    });
  }

  /** A further session. While the remote is not reached its state is the answer, and no second series of attempts begins. */
  private async openAnother(): Promise<ExecServerClient> {
    await this.link.peer();
    return this.open();
  }

  private open(): Promise<ExecServerClient> {
    const { target, clientName, limits, logger, clock = systemClock } = this.options;
    const { connect = connectExecServer } = this.options;
    return connect({ endpoint: target.endpoint, clientName, limits, clock, logger });
  }
}
