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
import { codexSystemDirectory } from '../environment/local/codexHome';
import { localEnvironmentInfo } from '../environment/local/hostInfo';
import { LocalCapabilityDiscovery } from '../environment/local/localCapabilityDiscovery';
import { LocalConfigurationReader } from '../environment/local/localConfiguration';
import { LocalEnvironment } from '../environment/local/localEnvironment';
import { LocalFileSystem } from '../environment/local/localFileSystem';
import { LocalHttpClient } from '../environment/local/localHttpClient';
import { FILE_HELPER_ARGUMENT } from '../environment/local/fileHelper/helperArgument';
import { LocalProcessBackend } from '../environment/local/localProcessBackend';
import { OpenTerminals } from '../environment/local/openTerminals';
import { LocalConfinement } from '../environment/local/sandbox/localConfinement';
import { QuickFiles } from '../environment/local/quickFiles';
import { FolderWriteScope } from '../environment/local/writeScope';
import type { DoorLock } from '../server/doorLock';
import { capabilityDisabled } from '../protocol/errorCodes';
import { ExecServer } from '../server/execServer';
import type { ListenAddress } from '../server/listener';

export interface ExecutorOptions {
  /** What agents' tokens are judged by; absent: they need none. */
  readonly lock: DoorLock | undefined;
  readonly settings: ExecutorSettings;
  readonly mode: EnvironmentMode;
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
  readonly applySettings: (settings: ExecutorSettings) => void;
  readonly canConfine: () => Promise<boolean>;
}

/** Everything an executor is made of, wired once; the same for an editor's and for the headless one. */
export class Executor {
  private readonly processes: LocalProcessBackend;
  private readonly confinement: LocalConfinement;
  private readonly writeScope: FolderWriteScope;
  private readonly http: LocalHttpClient;
  private readonly environments: EnvironmentManager;
  private readonly control: ControlServer | undefined;
  private settings: ExecutorSettings;
  readonly server: ExecServer;

  constructor(private readonly options: ExecutorOptions) {
    const { limits, logger } = options;
    this.settings = options.settings;
    const terminals = new OpenTerminals();
    this.writeScope = new FolderWriteScope(this.writeScopeSettings());
    this.confinement = new LocalConfinement({
      limits,
      logger,
      terminals,
      writeScope: this.writeScope,
      executorPath: process.env['PATH'],
      secrets: options.secretFiles ?? [],
      helperCommand:
        options.script === undefined
          ? undefined
          : [process.execPath, options.script, FILE_HELPER_ARGUMENT],
    });
    this.processes = new LocalProcessBackend({
      limits,
      logger,
      baseEnvironment: process.env,
      terminals,
      ...(this.confinement.programs && { confinement: this.confinement.programs }),
    });
    this.http = new LocalHttpClient({
      limits,
      clock: systemClock,
      logger,
      baseEnvironment: process.env,
    });
    const machine = localEnvironmentInfo({ workspaceFolders: [] });
    const info: Environment['info'] = () => ({
      ...machine,
      cwd: this.settings.workspaceFolders[0] ?? machine.cwd,
    });
    const places = {
      userHomeDir: machine.userHomeDir,
      variables: process.env,
      systemDirectory: codexSystemDirectory,
    };
    const local = new LocalEnvironment({
      info,
      processes: this.processes,
      fileSystem: new LocalFileSystem({
        limits,
        writeScope: this.writeScope,
        ...(process.platform === 'linux' && { quickFiles: new QuickFiles(this.writeScope) }),
      }),
      ...(this.confinement.files && { confinedFiles: this.confinement.files }),
      http: this.http,
      configuration: new LocalConfigurationReader(places, limits),
      discovery: new LocalCapabilityDiscovery({ places, limits, clock: systemClock }),
    });
    const disabled = new DisabledEnvironment(info);
    this.environments = new EnvironmentManager({ local, disabled }, options.mode);
    this.environments.onDidChangeMode((mode) => {
      // Other calls are refused one by one; a body under way asks no more.
      if (mode === 'disabled') this.http.interrupt(capabilityDisabled('exec'));
    });
    this.control = options.createControl?.({
      environments: this.environments,
      applySettings: (settings) => {
        this.apply(settings);
      },
      canConfine: () => this.confinement.isAvailable(),
    });
    this.server = new ExecServer({
      lock: options.lock,
      environment: () => this.environments.current,
      allowedHosts: () => this.settings.allowedHosts,
      otherDoors: this.control === undefined ? {} : { [CONTROL_PATH]: this.control.door },
      clock: systemClock,
      limits,
      logger,
    });
    this.control?.watch(this.server);
    this.applyDetachedTtl();
  }

  listen(address: ListenAddress): Promise<void> {
    return this.server.listen(address);
  }

  /** Does what the first agent would otherwise wait for; a start is over without it. */
  async prepare(): Promise<void> {
    await this.server.prepare();
    this.processes.prepare();
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
    this.http.dispose();
    this.processes.dispose();
    this.confinement.dispose();
    this.control?.dispose();
    this.environments.dispose();
  }

  private apply(settings: ExecutorSettings): void {
    this.settings = settings;
    this.writeScope.update(this.writeScopeSettings());
    this.applyDetachedTtl();
  }

  private applyDetachedTtl(): void {
    this.server.sessions.setDetachedTtl(this.settings.detachedSessionTtlSeconds * 1000);
  }

  private writeScopeSettings(): { mode: 'workspace' | 'unrestricted'; roots: readonly string[] } {
    return { mode: this.settings.writeScope, roots: this.settings.workspaceFolders };
  }
}
