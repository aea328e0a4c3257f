import { randomUUID } from 'node:crypto';
import { systemClock } from '../base/clock';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import type { ControlServer } from '../control/controlServer';
import { CONTROL_PATH } from '../control/controlPath';
import type { ExecutorSettings } from '../control/messages';
import type { Capabilities } from '../environment/environment';
import type { EnvironmentChoice } from '../environment/environmentChoice';
import type { LeftEnvironment } from '../environment/environmentManager';
import { EnvironmentManager } from '../environment/environmentManager';
import { DisabledEnvironment } from '../environment/disabledEnvironment';
import { refusalOf } from '../environment/limitedEnvironment';
import { keepsSandboxes } from '../environment/sandboxCheck';
import type { DoorLock } from '../server/doorLock';
import { ExecServer } from '../server/execServer';
import type { ListenAddress } from '../server/listener';
import { LocalMachine } from './localMachine';
import type { RemoteCode } from './remotes';
import { Remotes, loadRemoteCode } from './remotes';

export interface ExecutorOptions {
  /** What agents' tokens are judged by; absent: they need none. */
  readonly lock: DoorLock | undefined;
  readonly settings: ExecutorSettings;
  readonly environment: EnvironmentChoice;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Files that hold tokens; no confined program may read them. */
  readonly secretFiles?: readonly string[];
  /** The executor's own program, which helpers run too. Absent: file operations cannot be confined. */
  readonly script?: string;
  /** Makes the control channel, where there is an editor to talk to. */
  readonly createControl?: (parts: ControlParts) => ControlServer;
}

/** What a control channel steers. */
export interface ControlParts {
  readonly environments: EnvironmentManager;
  /** See `ControlServerOptions`. */
  readonly setEnvironment: (choice: EnvironmentChoice) => Promise<LeftEnvironment>;
  readonly applySettings: (settings: ExecutorSettings) => void;
  readonly canConfine: () => Promise<boolean>;
}

/** Everything an executor is made of, wired once; the same for an editor's and for the headless one. */
export class Executor {
  private readonly machine: LocalMachine;
  private readonly environments: EnvironmentManager;
  private readonly control: ControlServer | undefined;
  private readonly remotes: Remotes;
  /** Random; tells this executor from others behind which calls may go on. */
  private readonly id = randomUUID();
  private settings: ExecutorSettings;
  /** Where agents reach us, once they do. */
  private listening: ListenAddress | undefined;
  /** The switch before the next one; it may have code to load. */
  private lastSwitch: Promise<unknown> = Promise.resolve();
  readonly server: ExecServer;

  private constructor(
    private readonly options: ExecutorOptions,
    remoteCode: RemoteCode | undefined,
  ) {
    const { limits, logger } = options;
    this.settings = options.settings;
    this.machine = new LocalMachine({
      executorId: this.id,
      settings: options.settings,
      limits,
      logger,
      secretFiles: options.secretFiles ?? [],
      script: options.script,
    });
    this.remotes = new Remotes(
      {
        executorId: this.id,
        limits,
        clock: systemClock,
        logger,
        listening: () => this.listening,
      },
      remoteCode,
    );
    this.environments = new EnvironmentManager({
      local: this.machine.environment,
      disabled: new DisabledEnvironment(this.machine.info),
      createRemote: (target) => this.remotes.create(target),
      choice: options.environment,
      capabilities: this.capabilitySettings(),
      logger,
    });
    this.environments.onDidChange((change) => {
      const { current } = this.environments;
      if (change === 'health') this.logHealth();
      // Other calls are refused one by one; a body under way asks no more.
      if (!current.capabilities.exec) this.machine.http.interrupt(refusalOf(current, 'exec'));
    });
    this.control = options.createControl?.({
      environments: this.environments,
      setEnvironment: (choice) => this.setEnvironment(choice),
      applySettings: (settings) => {
        this.apply(settings);
      },
      canConfine: () => this.canConfine(),
    });
    this.server = new ExecServer({
      lock: options.lock,
      environments: this.environments,
      allowedHosts: () => this.settings.allowedHosts,
      otherDoors: this.control === undefined ? {} : { [CONTROL_PATH]: this.control.door },
      clock: systemClock,
      limits,
      logger,
    });
    this.control?.watch(this.server);
    this.applyDetachedTtl();
  }

  /** Wires an executor; one with a remote environment begins to connect to it. */
  static async create(options: ExecutorOptions): Promise<Executor> {
    const isRemote = options.environment.mode === 'remote';
    return new Executor(options, isRemote ? await loadRemoteCode() : undefined);
  }

  async listen(address: ListenAddress): Promise<void> {
    await this.server.listen(address);
    this.listening = { host: address.host, port: this.server.port };
  }

  /**
   * For a start that is to fail then. Otherwise such a remote is unreachable, and says why.
   *
   * @throws RpcError −32600 when the remote to begin with is this executor.
   */
  async refuseItselfAsRemote(): Promise<void> {
    const { environment } = this.options;
    if (environment.mode === 'remote') await this.remotes.refuseOurselves(environment.remote);
  }

  /** Does what the first agent would otherwise wait for; a start is over without it. */
  async prepare(): Promise<void> {
    await this.server.prepare();
    this.machine.processes.prepare();
  }

  /** Stops listening, ends every session and every process tree. */
  async close(): Promise<void> {
    // Owners learn of the end from their sockets; what changes from here on has no address to speak of.
    this.control?.dispose();
    // Sessions end what runs, the backend what ended processes left behind; both share one grace time.
    const closed = this.server.close();
    await this.machine.close(this.options.limits.terminateGraceMs);
    await closed;
    this.dispose();
  }

  /** Kills every process tree at once; sockets go with the executor process. */
  dispose(): void {
    this.machine.dispose();
    this.control?.dispose();
    this.environments.dispose();
  }

  private apply(settings: ExecutorSettings): void {
    this.settings = settings;
    this.machine.apply(settings);
    this.environments.setCapabilities(this.capabilitySettings());
    this.applyDetachedTtl();
  }

  /** Switches in the order of the calls. */
  private async setEnvironment(choice: EnvironmentChoice): Promise<LeftEnvironment> {
    const before = this.lastSwitch;
    const done = (async () => {
      await before.catch(() => undefined);
      if (choice.mode === 'remote') {
        await this.remotes.refuseOurselves(choice.remote);
        await this.remotes.prepare();
      }
      const left = this.environments.set(choice);
      this.options.logger.info('environment set', {
        mode: choice.mode,
        remote: this.environments.remoteName,
      });
      return left;
    })();
    this.lastSwitch = done;
    return done;
  }

  /** Asks the place where agents work, which need not be this machine. */
  private canConfine(): Promise<boolean> {
    const { current } = this.environments;
    if (current.kind !== 'remote') return this.machine.confinement.isAvailable();
    return keepsSandboxes(current, { clock: systemClock, limits: this.options.limits });
  }

  private applyDetachedTtl(): void {
    this.server.sessions.setDetachedTtl(this.settings.detachedSessionTtlSeconds * 1000);
  }

  private logHealth(): void {
    const { health, reason, remote } = this.environments.situation();
    const { logger } = this.options;
    const facts = { name: remote?.name, health, reason };
    if (health === 'unreachable') logger.warn('the remote environment cannot be reached', facts);
    else logger.info('the connection to the remote environment changed', facts);
  }

  private capabilitySettings(): Capabilities {
    return { exec: this.settings.execEnabled, filesystem: this.settings.filesystemEnabled };
  }
}
