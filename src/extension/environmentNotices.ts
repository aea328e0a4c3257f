import * as vscode from 'vscode';
import { DisposableStore } from '../base/lifecycle';
import type { Disposable } from '../base/lifecycle';
import { commandIds } from './commands/commandIds';
import { environmentText } from './model/environmentText';
import type { ExecutorModel } from './model/executorModel';
import { LossWatch } from './model/lossWatch';
import { notifyWarning } from './notify';

/** Tells once when the remote cannot be reached any more. Short losses and returns are in the status bar only. */
export class EnvironmentNotices implements Disposable {
  private readonly subscriptions = new DisposableStore();
  private readonly watch = new LossWatch();

  constructor(model: ExecutorModel) {
    this.subscriptions.add(
      model.onDidChange(() => {
        const { environment } = model;
        if (environment === undefined || !this.watch.isLoss(environment)) return;
        const { where, health } = environmentText(environment);
        notifyWarning(`Agents work ${where}, which ${health}`, {
          Reconnect: run(commandIds.reconnect),
          'Switch to Local': run(commandIds.switchMode, 'local'),
          'Show Log': run(commandIds.showLog),
        });
      }),
    );
  }

  dispose(): void {
    this.subscriptions.dispose();
  }
}

function run(command: string, argument?: unknown): () => unknown {
  return () => vscode.commands.executeCommand(command, argument);
}
