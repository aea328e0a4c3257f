import * as vscode from 'vscode';
import { displayText } from '../model/displayText';
import { requireClient } from './commandContext';
import type { CommandContext } from './commandContext';
import { confirmTermination } from './confirmTermination';
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
  const own = context.model.processes.filter(({ sessionKey }) => sessionKey === session.key);
  const question = `End the session of ${displayText(session.clientName, 60)}?`;
  if (!(await confirmTermination(own, question, 'End and Terminate'))) return;
  await requireClient(context).request('session/end', { sessionId: session.sessionId });
}

/** Removes exited processes and ended sessions from the view. */
export async function clearHistory(context: CommandContext): Promise<void> {
  context.model.forgetLost();
  await context.owner.supervisor.client?.request('history/clear', {});
}
