import * as vscode from 'vscode';
import type { ExecutorState } from '../executor/executorSupervisor';
import { SESSIONS_VIEW_ID } from '../tree/sessionsView';
import type { CommandContext } from './commandContext';
import { commandIds } from './commandIds';

interface MenuItem {
  readonly label: string;
  /** Apart from the label, because a screen reader would say the name of an icon inside it. */
  readonly icon: string;
  readonly command: string;
}

const START: MenuItem = { label: 'Start', icon: 'play', command: commandIds.start };
const STOP: MenuItem = { label: 'Stop', icon: 'debug-stop', command: commandIds.stop };
const RESTART: MenuItem = { label: 'Restart', icon: 'debug-restart', command: commandIds.restart };
const FOR_RUNNING: readonly MenuItem[] = [
  { label: 'Copy Connect Command', icon: 'plug', command: commandIds.copyConnectCommand },
  { label: 'Rotate Token and Disconnect All', icon: 'key', command: commandIds.rotateToken },
];
const SWITCH_MODE: MenuItem = {
  label: 'Switch Mode',
  icon: 'settings',
  command: commandIds.switchMode,
};
const ALWAYS: readonly MenuItem[] = [
  { label: 'Show Sessions', icon: 'list-tree', command: `${SESSIONS_VIEW_ID}.focus` },
  { label: 'Show Log', icon: 'output', command: commandIds.showLog },
  { label: 'Open Settings', icon: 'gear', command: commandIds.openSettings },
];

/** The quick pick behind the status bar entry. */
export async function showMenu({ owner }: CommandContext): Promise<void> {
  const items = menuItems(owner.supervisor.state).map(({ label, icon, command }) => ({
    label,
    iconPath: new vscode.ThemeIcon(icon),
    command,
  }));
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
