import * as vscode from 'vscode';
import { DisposableStore } from '../../base/lifecycle';
import type { Disposable } from '../../base/lifecycle';
import type { ExecutorSupervisor } from '../executor/executorSupervisor';
import type { ExecutorModel } from '../model/executorModel';
import { commandIds } from '../commands/commandIds';
import { statusText } from './statusText';

/** Left of the status bar, near the entries that tell where the window runs. */
const PRIORITY = 50;

/** The one status bar entry: mode and counts; a click offers the actions. */
export class StatusBarEntry implements Disposable {
  private readonly subscriptions = new DisposableStore();
  private readonly item: vscode.StatusBarItem;

  constructor(
    private readonly supervisor: ExecutorSupervisor,
    private readonly model: ExecutorModel,
  ) {
    this.item = this.subscriptions.add(
      vscode.window.createStatusBarItem(
        'execServer.status',
        vscode.StatusBarAlignment.Left,
        PRIORITY,
      ),
    );
    this.item.name = 'Exec Server';
    this.item.command = commandIds.showMenu;
    this.subscriptions.add(supervisor.onDidChangeState(() => this.render()));
    this.subscriptions.add(model.onDidChange(() => this.render()));
    this.render();
    this.item.show();
  }

  dispose(): void {
    this.subscriptions.dispose();
  }

  private render(): void {
    const { text, tooltip, accessibleLabel, isWarning } = statusText({
      state: this.supervisor.state,
      environment: this.model.environment,
      sessions: this.model.connectedSessions.length,
      runningProcesses: this.model.runningProcesses.length,
    });
    // Each assignment is a message to the window; output of processes changes the model often.
    if (this.item.text === text && this.item.tooltip === tooltip) return;
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.accessibilityInformation = { label: accessibleLabel, role: 'button' };
    this.item.backgroundColor = isWarning
      ? new vscode.ThemeColor('statusBarItem.warningBackground')
      : undefined;
  }
}
