import * as vscode from 'vscode';
import type { CommandContext } from './commandContext';

/** Shows the extension's settings. They are the machine's, which in a window on another machine have a tab of their own. */
export async function openSettings({ extensionId }: CommandContext): Promise<void> {
  const isElsewhere = vscode.env.remoteName !== undefined;
  await vscode.commands.executeCommand(
    isElsewhere ? 'workbench.action.openRemoteSettings' : 'workbench.action.openSettings',
    { query: `@ext:${extensionId}` },
  );
}
