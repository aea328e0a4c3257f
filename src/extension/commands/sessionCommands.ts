import * as vscode from 'vscode';
import { displayText } from '../model/displayText';
import { plural } from '../model/duration';
import { isRunning } from '../model/executorModel';
import { askModal } from '../notify';
import { requireClient } from './commandContext';
import type { CommandContext } from './commandContext';
import { chooseSession } from './commandTarget';

/** Copies the id an agent names its session by. */
export async function copySessionId(context: CommandContext, argument: unknown): Promise<void> {
  const session = await chooseSession(context, argument, 'Copy the id of which session?');
  if (session !== undefined) await vscode.env.clipboard.writeText(session.sessionId);
}

/** Disconnects one agent and ends what it runs. */
export async function endSession(context: CommandContext, argument: unknown): Promise<void> {
  const session = await chooseSession(context, argument, 'End which session?');
  if (session === undefined || session.state === 'ended') return;
  const running = context.model.processes.filter(
    (process) => process.sessionKey === session.key && isRunning(process),
  ).length;
  if (running > 0) {
    const answer = 'End and Terminate';
    const processes = plural(running, 'running process', 'running processes');
    const question = `End the session of ${displayText(session.clientName, 60)}?`;
    if ((await askModal(question, `This terminates ${processes}.`, answer)) !== answer) return;
  }
  await requireClient(context).request('session/end', { sessionId: session.sessionId });
}

/** Removes exited processes and ended sessions from the view. */
export async function clearHistory(context: CommandContext): Promise<void> {
  context.model.forgetLost();
  await context.owner.supervisor.client?.request('history/clear', {});
}
