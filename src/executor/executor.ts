import { systemClock } from '../base/clock';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import type { ControlServer } from '../control/controlServer';
import { CONTROL_PATH } from '../control/controlPath';
import type { ExecutorSettings } from '../control/messages';
import type { Environment } from '../environment/environment';
import type { EnvironmentMode } from '../environment/environmentManager';
import { EnvironmentManager } from '../environment/environmentManager';
import { DisabledEnvironment } from '../environment/disabledEnvironment';
import { localEnvironmentInfo } from '../environment/local/hostInfo';
import { LocalEnvironment } from '../environment/local/localEnvironment';
import { LocalFileSystem } from '../environment/local/localFileSystem';
import { LocalProcessBackend } from '../environment/local/localProcessBackend';
import { FolderWriteScope } from '../environment/local/writeScope';
import type { AccessToken } from '../server/accessToken';
import { ExecServer } from '../server/execServer';
import type { ListenAddress } from './listenAddress';
import { executorVersion } from './version';

export interface ExecutorOptions {
  readonly listen: ListenAddress;
  /** Absent: agents need no token. */
  readonly token: AccessToken | undefined;
  readonly settings: ExecutorSettings;
  readonly mode: EnvironmentMode;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Makes the control channel, where there is an editor to talk to. */
  readonly createControl?: (parts: ControlParts) => ControlServer;
}

/** What a control channel steers. */
export interface ControlParts {
  readonly environments: EnvironmentManager;
  readonly applySettings: (settings: ExecutorSettings) => void;
}

/** Everything an executor is made of, wired once; the same for an editor's and for the headless one. */
export class Executor {
  private readonly processes: LocalProcessBackend;
  private readonly writeScope: FolderWriteScope;
  private readonly environments: EnvironmentManager;
  private readonly control: ControlServer | undefined;
  private settings: ExecutorSettings;
  readonly server: ExecServer;

  constructor(private readonly options: ExecutorOptions) {
    const { limits, logger, listen } = options;
    this.settings = options.settings;
    this.processes = new LocalProcessBackend({ limits, logger, baseEnvironment: process.env });
    this.writeScope = new FolderWriteScope(this.writeScopeSettings());
    const machine = localEnvironmentInfo({ workspaceFolders: [], version: executorVersion });
    const info: Environment['info'] = () => ({
      ...machine,
      cwd: this.settings.workspaceFolders[0] ?? machine.cwd,
    });
    const local = new LocalEnvironment({
      info,
      processes: this.processes,
      fileSystem: new LocalFileSystem({ limits, writeScope: this.writeScope }),
    });
    const disabled = new DisabledEnvironment(info);
    this.environments = new EnvironmentManager({ local, disabled }, options.mode);
    this.control = options.createControl?.({
      environments: this.environments,
      applySettings: (settings) => {
        this.apply(settings);
      },
    });
    this.server = new ExecServer({
      host: listen.host,
      port: listen.port,
      token: options.token,
      environment: () => this.environments.current,
      allowedHosts: () => this.settings.allowedHosts,
      otherDoors: this.control === undefined ? {} : { [CONTROL_PATH]: this.control.door },
      clock: systemClock,
      limits,
      logger,
    });
    this.control?.watch(this.server);
    this.apply(options.settings);
  }

  listen(): Promise<void> {
    return this.server.listen();
  }

  /** Stops listening, ends every session and every process tree. */
  async close(): Promise<void> {
    // Owners learn of the end from their sockets; what changes from here on has no address to speak of.
    this.control?.dispose();
    // Sessions end what runs, the backend what ended processes left behind; both share one grace time.
    const closed = this.server.close();
    await this.processes.close(this.options.limits.terminateGraceMs);
    await closed;
    this.dispose();
  }

  /** Kills every process tree at once; sockets go with the executor process. */
  dispose(): void {
    this.processes.dispose();
    this.control?.dispose();
    this.environments.dispose();
  }

  private apply(settings: ExecutorSettings): void {
    this.settings = settings;
    this.writeScope.update(this.writeScopeSettings());
    this.server.sessions.setDetachedTtl(settings.detachedSessionTtlSeconds * 1000);
  }

  private writeScopeSettings(): { mode: 'workspace' | 'unrestricted'; roots: readonly string[] } {
    return { mode: this.settings.writeScope, roots: this.settings.workspaceFolders };
  }
}
