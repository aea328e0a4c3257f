import * as vscode from 'vscode';
import { notifyError, notifyInfo } from '../notify';
import type { CommandContext } from './commandContext';
import { commandIds } from './commandIds';
import { confirmTermination } from './confirmTermination';

/** Starts the executor; from now on it also starts when this workspace is opened. */
export async function startServer(context: CommandContext): Promise<void> {
  const { owner } = context;
  if (owner.supervisor.state.kind === 'running') {
    notifyInfo('Exec Server is already on.');
    return;
  }
  if (tellObstacle(context)) return;
  if (!(await succeeds(owner.start()))) return;
  notifyInfo('Exec Server is on. Agents on this machine can connect.', {
    'Copy Connect Command': () => vscode.commands.executeCommand(commandIds.copyConnectCommand),
  });
}

/** Ends the executor and everything it runs. */
export async function stopServer(context: CommandContext): Promise<void> {
  if (
    await confirmTermination(context.model.processes, 'Stop Exec Server?', 'Stop and Terminate')
  ) {
    await context.owner.stop();
  }
}

/** Ends the executor and starts another with the same address. */
export async function restartServer(context: CommandContext): Promise<void> {
  if (tellObstacle(context)) return;
  if (
    await confirmTermination(
      context.model.processes,
      'Restart Exec Server?',
      'Restart and Terminate',
    )
  ) {
    await succeeds(context.owner.restart());
  }
}

function tellObstacle({ owner }: CommandContext): boolean {
  switch (owner.obstacle) {
    case undefined:
      return false;
    case 'untrusted':
      notifyError('Trust this workspace first: Exec Server lets agents run commands in it.', {
        'Manage Trust': () => vscode.commands.executeCommand('workbench.trust.manage'),
      });
      return true;
    case 'noFolder':
      notifyError('Open a folder first: Exec Server runs commands in a workspace folder.', {
        'Open Folder': () => vscode.commands.executeCommand('workbench.action.files.openFolder'),
      });
      return true;
  }
}

/** Waits for a start. A failure is told by the watcher of the supervisor's state, with what to do about it. */
async function succeeds(start: Promise<void>): Promise<boolean> {
  return start.then(
    () => true,
    () => false,
  );
}
