import { systemClock } from '../base/clock';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import type { ExecutorSettings } from '../control/messages';
import type { EnvironmentInfo } from '../environment/environmentInfo';
import { codexSystemDirectory } from '../environment/local/codexHome';
import { FILE_HELPER_ARGUMENT } from '../environment/local/fileHelper/helperArgument';
import { localEnvironmentInfo } from '../environment/local/hostInfo';
import { LocalCapabilityDiscovery } from '../environment/local/localCapabilityDiscovery';
import { LocalConfigurationReader } from '../environment/local/localConfiguration';
import { LocalEnvironment } from '../environment/local/localEnvironment';
import { LocalFileSystem } from '../environment/local/localFileSystem';
import { LocalHttpClient } from '../environment/local/localHttpClient';
import { LocalProcessBackend } from '../environment/local/localProcessBackend';
import { OpenTerminals } from '../environment/local/openTerminals';
import { QuickFiles } from '../environment/local/quickFiles';
import { LocalConfinement } from '../environment/local/sandbox/localConfinement';
import { FolderWriteScope } from '../environment/local/writeScope';

export interface LocalMachineOptions {
  /** Of this executor; random. */
  readonly executorId: string;
  readonly settings: ExecutorSettings;
  readonly limits: Limits;
  readonly logger: Logger;
  /** Files that hold tokens; no confined program may read them. */
  readonly secretFiles: readonly string[];
  /** The executor's own program, which helpers run too. Absent: file operations cannot be confined. */
  readonly script: string | undefined;
}

/** All that serves agents from the machine of this executor, wired once. */
export class LocalMachine {
  readonly processes: LocalProcessBackend;
  readonly confinement: LocalConfinement;
  readonly http: LocalHttpClient;
  readonly environment: LocalEnvironment;
  /** What is told of this machine: its working directory is the first folder that is open. */
  readonly info: () => EnvironmentInfo;
  private readonly writeScope: FolderWriteScope;
  private settings: ExecutorSettings;

  constructor({ executorId, settings, limits, logger, secretFiles, script }: LocalMachineOptions) {
    this.settings = settings;
    const clock = systemClock;
    const terminals = new OpenTerminals();
    this.writeScope = new FolderWriteScope(writeScopeOf(settings));
    this.confinement = new LocalConfinement({
      limits,
      logger,
      terminals,
      writeScope: this.writeScope,
      executorPath: process.env['PATH'],
      secrets: secretFiles,
      helperCommand:
        script === undefined ? undefined : [process.execPath, script, FILE_HELPER_ARGUMENT],
    });
    this.processes = new LocalProcessBackend({
      limits,
      logger,
      baseEnvironment: process.env,
      terminals,
      ...(this.confinement.programs && { confinement: this.confinement.programs }),
    });
    this.http = new LocalHttpClient({ limits, clock, logger, baseEnvironment: process.env });
    const machine = localEnvironmentInfo({ workspaceFolders: [] });
    this.info = () => ({
      ...machine,
      servedThrough: [executorId],
      cwd: this.settings.workspaceFolders[0] ?? machine.cwd,
    });
    const places = {
      userHomeDir: machine.userHomeDir,
      variables: process.env,
      systemDirectory: codexSystemDirectory,
    };
    this.environment = new LocalEnvironment({
      info: this.info,
      processes: this.processes,
      fileSystem: new LocalFileSystem({
        limits,
        writeScope: this.writeScope,
        ...(process.platform === 'linux' && { quickFiles: new QuickFiles(this.writeScope) }),
      }),
      ...(this.confinement.files && { confinedFiles: this.confinement.files }),
      http: this.http,
      configuration: new LocalConfigurationReader(places, limits),
      discovery: new LocalCapabilityDiscovery({ places, limits, clock }),
    });
  }

  apply(settings: ExecutorSettings): void {
    this.settings = settings;
    this.writeScope.update(writeScopeOf(settings));
  }

  /** Ends everything that was started, politely first; what goes on after `graceMs` milliseconds is killed. */
  close(graceMs: number): Promise<void> {
    return this.processes.close(graceMs);
  }

  /** Kills every process tree at once. */
  dispose(): void {
    this.http.dispose();
    this.processes.dispose();
    this.confinement.dispose();
  }
}

function writeScopeOf({ writeScope, workspaceFolders }: ExecutorSettings) {
  return { mode: writeScope, roots: workspaceFolders };
}
