import { homedir, hostname } from 'node:os';
import * as vscode from 'vscode';
import { systemClock } from './base/clock';
import { toError } from './base/errors';
import { Emitter } from './base/event';
import { createApi } from './extension/api';
import type { ExecServerApi } from './extension/api';
import { registerCommands } from './extension/commands/registerCommands';
import { keepContextKeys } from './extension/contextUpdater';
import { openDirectory } from './extension/environment/openDirectory';
import { RemoteTokens } from './extension/environment/remoteTokens';
import { EnvironmentNotices } from './extension/environmentNotices';
import { ExecutorNotices } from './extension/executorNotices';
import { ExecutorOwner } from './extension/executorOwner';
import { ExecutorModel } from './extension/model/executorModel';
import { notifyWarning } from './extension/notify';
import { createOutputLogger } from './extension/outputLogger';
import { sharedStoragePath } from './extension/executor/workspaceStorage';
import { RememberedChoice } from './extension/rememberedChoice';
import { SettingsReader } from './extension/settings';
import type { Settings } from './extension/settingsSchema';
import { StatusBarEntry } from './extension/statusBar/statusBarEntry';
import { autoReveal } from './extension/terminals/autoReveal';
import { ProcessTerminals } from './extension/terminals/processTerminals';
import { keepRemotePathsApart } from './extension/terminals/remotePathLinks';
import { SessionsView } from './extension/tree/sessionsView';
import { offerTools } from './extension/tools/offerTools';
import { WorkspaceFolders } from './extension/workspaceFolders';

/**
 * Builds the parts in the order they need each other. There is no `deactivate`: disposing the
 * subscriptions only lets go of the executor, which then waits for the window to come back.
 */
export function activate(context: vscode.ExtensionContext): ExecServerApi {
  const own = <T extends vscode.Disposable>(part: T): T => {
    context.subscriptions.unshift(part);
    return part;
  };
  const clock = systemClock;
  const channel = own(vscode.window.createOutputChannel('Exec Server', { log: true }));
  const logger = createOutputLogger(channel);
  const reader = own(new SettingsReader());
  const folders = own(new WorkspaceFolders());
  const choice = new RememberedChoice(context.workspaceState);
  const model = own(new ExecutorModel());
  const tokens = new RemoteTokens(context.secrets, hostname());
  const settings = (): Settings => reader.settings;
  const workspaceFolders = (): string[] => folders.current.map(({ path }) => path);
  const environments = own(
    openDirectory({ choice, tokens, settings, variables: process.env, home: homedir(), logger }),
  );
  const owner = own(
    new ExecutorOwner({
      model,
      choice,
      environments,
      clock,
      logger,
      executorPath: context.asAbsolutePath('dist/executor.js'),
      storagePath: context.storageUri && sharedStoragePath(context.storageUri.fsPath),
      clientName: vscode.env.appName,
      settings,
      workspaceFolders,
      isTrusted: () => vscode.workspace.isTrusted,
      tellProblem: (problem) => warnAbout([problem]),
    }),
  );
  const { supervisor } = owner;
  const terminals = own(
    new ProcessTerminals({ model, clock, logger, client: () => supervisor.client }),
  );
  own(keepRemotePathsApart(terminals));
  const view = own(new SessionsView(model, supervisor, folders, clock));
  own(new StatusBarEntry(supervisor, model));
  own(new ExecutorNotices(supervisor, model, channel, clock));
  own(new EnvironmentNotices(model));
  own(keepContextKeys({ owner, model, choice, environments, reader, terminals }));
  own(
    autoReveal({
      model,
      sinceMs: clock.now(),
      reveal: () => reader.settings['terminal.reveal'],
      show: (process) => terminals.show(process, 'keep'),
    }),
  );
  const extensionId = context.extension.id;
  own(
    registerCommands({
      ...{ owner, model, choice, environments, tokens, settings, clock, logger },
      ...{ terminals, view, channel, extensionId },
    }),
  );
  own(offerTools({ model, supervisor, clock, logger, workspaceFolders }));
  own(folders.onDidChange(() => void owner.pushSettings()));
  own(
    reader.onDidChange(({ problems }) => {
      warnAbout(problems);
      void owner.followSettings();
    }),
  );
  warnAbout(reader.problems);

  const changes = own(new Emitter<void>());
  own(model.onDidChange(() => changes.fire()));
  own(supervisor.onDidChangeState(() => changes.fire()));
  owner.resume().catch((error: unknown) => {
    // The user has been told by the notices.
    logger.error('failed to go on after a reload', { reason: toError(error).message });
  });
  return createApi(model, () => supervisor.state, changes.event);
}

function warnAbout(problems: readonly string[]): void {
  if (problems.length > 0) notifyWarning(problems.join(' '));
}
