import * as vscode from 'vscode';
import { DisposableStore } from '../base/lifecycle';
import type { Disposable } from '../base/lifecycle';
import { environmentKeys } from './contextKeys';
import type { ContextKeyValues } from './contextKeys';
import type { EnvironmentDirectory } from './environment/environmentDirectory';
import type { ExecutorOwner } from './executorOwner';
import { isRunning } from './model/executorModel';
import type { ExecutorModel } from './model/executorModel';
import type { RememberedChoice } from './rememberedChoice';
import type { SettingsReader } from './settings';
import type { ProcessTerminals } from './terminals/processTerminals';

/** What the context keys are read from. */
export interface ContextSources {
  readonly owner: ExecutorOwner;
  readonly model: ExecutorModel;
  readonly choice: RememberedChoice;
  readonly environments: EnvironmentDirectory;
  readonly reader: SettingsReader;
  readonly terminals: ProcessTerminals;
}

/** Keeps the context keys true. */
export function keepContextKeys(sources: ContextSources): Disposable {
  let known: Partial<ContextKeyValues> = {};
  const update = (): void => {
    const values: ContextKeyValues = {
      'execServer.state': stateOf(sources.owner),
      ...environmentKeys({
        environment: sources.model.environment,
        resolved: sources.environments.resolved,
        settings: sources.reader.settings,
      }),
      'execServer.hasProcesses': sources.model.processes.length > 0,
      'execServer.activeTerminal': activeTerminalOf(sources.terminals),
    };
    const changed = changedEntries(known, values);
    known = values;
    for (const [key, value] of changed) {
      // Nobody waits for it: the menus follow when the window has heard of it.
      void vscode.commands.executeCommand('setContext', key, value);
    }
  };
  const subscriptions = new DisposableStore();
  subscriptions.add(sources.owner.supervisor.onDidChangeState(update));
  subscriptions.add(sources.model.onDidChange(update));
  subscriptions.add(sources.choice.onDidChangeEnvironment(update));
  subscriptions.add(sources.environments.onDidChange(update));
  subscriptions.add(sources.reader.onDidChange(update));
  subscriptions.add(vscode.window.onDidChangeActiveTerminal(update));
  subscriptions.add(vscode.workspace.onDidChangeWorkspaceFolders(update));
  update();
  return subscriptions;
}

function stateOf({ supervisor, obstacle }: ExecutorOwner): ContextKeyValues['execServer.state'] {
  const { kind } = supervisor.state;
  return kind === 'stopped' && obstacle === 'noFolder' ? 'noFolder' : kind;
}

function activeTerminalOf(
  terminals: ProcessTerminals,
): ContextKeyValues['execServer.activeTerminal'] {
  const process = terminals.processOf(vscode.window.activeTerminal);
  return process !== undefined && isRunning(process) && process.acceptsInput
    ? process.inputHolder
    : 'none';
}

function changedEntries(
  before: Partial<ContextKeyValues>,
  after: ContextKeyValues,
): readonly (readonly [string, string | boolean])[] {
  const known = new Map<string, string | boolean>(Object.entries(before));
  return Object.entries(after).filter(([key, value]) => known.get(key) !== value);
}
