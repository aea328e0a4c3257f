import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../base/clock';
import { ExecServerError, toError } from '../base/errors';
import { DisposableStore } from '../base/lifecycle';
import type { Disposable } from '../base/lifecycle';
import type { Logger } from '../base/logger';
import { connectControl } from '../control/connectControl';
import type { ControlClient } from '../control/controlClient';
import type { EnvironmentView, ExecutorSettings } from '../control/messages';
import type { EnvironmentChoice } from '../environment/environmentChoice';
import type { OwnedStart } from '../executor/ownedStart';
import type { EnvironmentDirectory } from './environment/environmentDirectory';
import { launchExecutor } from './executor/executorLauncher';
import { ExecutorSupervisor } from './executor/executorSupervisor';
import { isProcessAlive, readStateFile } from './executor/stateFileReader';
import type { ExecutorModel } from './model/executorModel';
import { isSameChoice } from './rememberedChoice';
import type { RememberedChoice, WorkspaceChoice } from './rememberedChoice';
import type { Settings } from './settingsSchema';

const STATE_FILE_NAME = 'executor.json';

/** What the owner needs to know about its window. */
export interface OwnerOptions {
  readonly model: ExecutorModel;
  readonly choice: RememberedChoice;
  readonly environments: EnvironmentDirectory;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly executorPath: string;
  /** The workspace's own storage folder; absent without an open folder. */
  readonly storagePath: string | undefined;
  /** How the executor calls this window in its log. */
  readonly clientName: string;
  settings(): Settings;
  /** Folders on this machine. */
  workspaceFolders(): readonly string[];
  isTrusted(): boolean;
  /** Tells the user what needs them. */
  tellProblem(problem: string): void;
}

/** This window as the owner of an executor: starts it for the open folders and keeps it told of settings. */
export class ExecutorOwner implements Disposable {
  readonly supervisor: ExecutorSupervisor;
  private readonly subscriptions = new DisposableStore();
  /** The place the executor had when we last looked, as a choice. */
  private seen: WorkspaceChoice | undefined;
  /** The fingerprint of the choice the executor was last told. */
  private told = '';
  /** Switches run one after another: one that waits for a token must not overtake the next. */
  private lastSwitch: Promise<void> = Promise.resolve();

  constructor(private readonly options: OwnerOptions) {
    const { clock, logger, model } = options;
    this.supervisor = this.subscriptions.add(
      new ExecutorSupervisor({
        clock,
        logger,
        startDocument: () => this.startDocument(),
        launch: (start) =>
          launchExecutor({
            executorPath: options.executorPath,
            cwd: this.firstFolder,
            start,
            clock,
          }),
        readState: () => readStateFile(this.stateFilePath(), logger),
        isAlive: isProcessAlive,
        connect: ({ port, ownerToken }) =>
          connectControl({ port, ownerToken, clientName: options.clientName, logger }),
        forceEnd: (pid) => process.kill(pid, 'SIGKILL'),
      }),
    );
    this.subscriptions.add(
      this.supervisor.onDidChangeState((state) => {
        if (state.kind === 'running') this.onConnected(state.client);
        else if (state.kind === 'stopped') model.clear();
        else model.markLost();
      }),
    );
    this.subscriptions.add(model.onDidChange(() => this.onModelChanged()));
  }

  /** Why the executor cannot be started in this window, in the user's words. */
  get obstacle(): 'noFolder' | 'untrusted' | undefined {
    if (!this.options.isTrusted()) return 'untrusted';
    const isOpen =
      this.options.storagePath !== undefined && this.options.workspaceFolders().length > 0;
    return isOpen ? undefined : 'noFolder';
  }

  /** Started by the user, now and whenever this workspace is opened until they stop it. */
  async start(): Promise<void> {
    await this.options.choice.rememberStarted(true);
    await this.supervisor.start();
  }

  async stop(): Promise<void> {
    await this.options.choice.rememberStarted(false);
    await this.supervisor.stop('stopped by the user');
  }

  async restart(): Promise<void> {
    await this.options.choice.rememberStarted(true);
    await this.supervisor.restart();
  }

  /**
   * Goes on where the user left off in this workspace. Nothing listens unless they had started it; what
   * they started in another window is shown in this one too.
   */
  async resume(): Promise<void> {
    if (this.obstacle !== undefined) return;
    if (this.options.choice.isStarted) await this.supervisor.start();
    else await this.supervisor.join();
  }

  /**
   * Sends agents' calls somewhere else; `undefined` leaves it to the settings.
   *
   * @throws ExecServerError `invalidArguments` for a remote that cannot be used.
   */
  async setEnvironment(
    choice: WorkspaceChoice | undefined,
    runningProcesses: 'keep' | 'terminate',
  ): Promise<void> {
    const { environments } = this.options;
    await this.inTurn(async () => {
      const next = choice ?? environments.resolvedBySettings.choice;
      const told = await environments.toExecutor(next);
      await this.supervisor.client?.request('environment/set', { choice: told, runningProcesses });
      await this.options.choice.rememberEnvironment(choice);
      this.told = environments.fingerprint;
    });
  }

  /** Settings changed: sends agents' calls where they go by them now. What runs goes on. */
  async followSettings(): Promise<void> {
    await this.pushSettings();
    await this.inTurn(() => this.followChoice());
  }

  /** Settings or folders changed; a running executor follows. */
  async pushSettings(): Promise<void> {
    const { client } = this.supervisor;
    if (client === undefined || this.options.workspaceFolders().length === 0) return;
    try {
      await client.request('settings/update', this.executorSettings());
    } catch (error) {
      this.options.logger.warn('failed to pass settings on', { reason: toError(error).message });
    }
  }

  /** Lets go of the executor; it waits for this window to come back. */
  dispose(): void {
    this.subscriptions.dispose();
  }

  private onConnected(client: ControlClient): void {
    this.told = this.options.environments.fingerprint;
    this.seen = undefined;
    this.options.model.attach(client);
    // An executor found again may have been started with other settings.
    void this.pushSettings();
  }

  /** Another window of this workspace may have switched: this one goes on from there. */
  private onModelChanged(): void {
    const { choice, environments, model } = this.options;
    if (model.environment === undefined) return;
    const observed = choiceOf(model.environment);
    const isKnown = isSameChoice(observed, this.seen);
    this.seen = observed;
    if (isKnown || isSameChoice(observed, environments.resolved.choice)) return;
    const bySettings = environments.resolvedBySettings.choice;
    void choice.rememberEnvironment(isSameChoice(observed, bySettings) ? undefined : observed);
  }

  private async followChoice(): Promise<void> {
    const { client } = this.supervisor;
    const { environments } = this.options;
    if (client === undefined || environments.fingerprint === this.told) return;
    this.told = environments.fingerprint;
    try {
      const choice = await this.resolveChoice();
      await client.request('environment/set', { choice, runningProcesses: 'keep' });
    } catch (error) {
      this.options.tellProblem(`The settings were not followed. ${toError(error).message}`);
    }
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.lastSwitch.then(work);
    // Whoever asked for it hears why it failed; the next one has its turn all the same.
    this.lastSwitch = done.catch(() => undefined);
    return done;
  }

  /** What to tell an executor. A remote that cannot be used leaves agents nowhere to go, and the user is told. */
  private async resolveChoice(): Promise<EnvironmentChoice> {
    const { environments, logger } = this.options;
    const { choice, problem } = environments.resolved;
    if (problem !== undefined) this.options.tellProblem(`${problem} Exec Server is disabled.`);
    try {
      return await environments.toExecutor(choice);
    } catch (error) {
      const reason = toError(error).message;
      logger.error('disabled the server', { reason });
      this.options.tellProblem(`${reason}. Exec Server is disabled until you switch its mode.`);
      return { mode: 'disabled' };
    }
  }

  private async startDocument(): Promise<OwnedStart> {
    const { environments, storagePath } = this.options;
    if (this.obstacle !== undefined || storagePath === undefined) throw this.refusal();
    await mkdir(storagePath, { recursive: true, mode: 0o700 });
    // The editor may have made the folder before, readable by others.
    if (process.platform !== 'win32') await chmod(storagePath, 0o700);
    const { port } = this.options.settings();
    await environments.refresh();
    return {
      settings: this.executorSettings(),
      environment: await this.resolveChoice(),
      stateFile: this.stateFilePath(),
      ...(port === 0 ? {} : { preferredPort: port }),
      leftBehind: [...this.options.model.lostPrograms],
    };
  }

  private executorSettings(): ExecutorSettings {
    const settings = this.options.settings();
    return {
      workspaceFolders: [...this.options.workspaceFolders()],
      writeScope: settings['filesystem.writeScope'],
      execEnabled: settings['capabilities.exec'],
      filesystemEnabled: settings['capabilities.filesystem'],
      allowedHosts: [...settings.allowedHosts],
      detachedSessionTtlSeconds: settings.detachedSessionTtlSeconds,
      ownerGraceSeconds: settings.ownerGraceSeconds,
    };
  }

  private stateFilePath(): string {
    const { storagePath } = this.options;
    if (storagePath === undefined) throw this.refusal();
    return path.join(storagePath, STATE_FILE_NAME);
  }

  /** Where agents work when they name no directory. @throws ExecServerError without an open folder. */
  get firstFolder(): string {
    const [folder] = this.options.workspaceFolders();
    if (folder === undefined) throw this.refusal();
    return folder;
  }

  private refusal(): ExecServerError {
    return new ExecServerError(
      'executorStartFailed',
      this.obstacle === 'untrusted'
        ? 'Failed to start the executor: this workspace is not trusted'
        : 'Failed to start the executor: no folder is open',
    );
  }
}

function choiceOf({ mode, remote }: EnvironmentView): WorkspaceChoice {
  return mode === 'remote' ? { mode, name: remote?.name ?? '' } : { mode };
}
