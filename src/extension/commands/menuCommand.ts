import * as vscode from 'vscode';
import type { ExecutorState } from '../executor/executorSupervisor';
import { SESSIONS_VIEW_ID } from '../tree/sessionsView';
import type { CommandContext } from './commandContext';
import { commandIds } from './commandIds';

interface MenuItem extends vscode.QuickPickItem {
  readonly command: string;
}

const START: MenuItem = { label: '$(play) Start', command: commandIds.start };
const STOP: MenuItem = { label: '$(debug-stop) Stop', command: commandIds.stop };
const RESTART: MenuItem = { label: '$(debug-restart) Restart', command: commandIds.restart };
const FOR_RUNNING: readonly MenuItem[] = [
  { label: '$(plug) Copy Connect Command', command: commandIds.copyConnectCommand },
  { label: '$(key) Rotate Token and Disconnect All', command: commandIds.rotateToken },
];
const SWITCH_MODE: MenuItem = { label: '$(settings) Switch Mode', command: commandIds.switchMode };
const ALWAYS: readonly MenuItem[] = [
  { label: '$(list-tree) Show Sessions', command: `${SESSIONS_VIEW_ID}.focus` },
  { label: '$(output) Show Log', command: commandIds.showLog },
  { label: '$(gear) Open Settings', command: commandIds.openSettings },
];

/** The quick pick behind the status bar entry. */
export async function showMenu({ owner }: CommandContext): Promise<void> {
  const items = menuItems(owner.supervisor.state);
  const chosen = await vscode.window.showQuickPick(items, { placeHolder: 'Exec Server' });
  if (chosen !== undefined) await vscode.commands.executeCommand(chosen.command);
}

function menuItems(state: ExecutorState): MenuItem[] {
  switch (state.kind) {
    case 'stopped':
      return [START, SWITCH_MODE, ...ALWAYS];
    case 'starting':
    case 'restarting':
      return [STOP, ...ALWAYS];
    case 'failed':
      return [RESTART, STOP, ...ALWAYS];
    case 'running':
      return [...FOR_RUNNING, SWITCH_MODE, STOP, RESTART, ...ALWAYS];
  }
}
