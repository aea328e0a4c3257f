import * as vscode from 'vscode';
import type { ModelProcess } from '../model/executorModel';
import { displayText } from '../model/displayText';
import { remoteName } from '../model/environmentText';
import { askModal, notifyInfo, notifyWarning } from '../notify';
import { isSameChoice } from '../rememberedChoice';
import type { WorkspaceChoice } from '../rememberedChoice';
import { requireClient } from './commandContext';
import type { CommandContext } from './commandContext';
import { commandIds } from './commandIds';
import { pickEntry } from './entryPick';
import { menuInput } from './menuCommand';
import { placeEntries } from './menuEntries';
import { switchQuestion } from './switchQuestion';

/** Switches to the place given (a choice, or one of the words `local` and `disabled`), or asks for one. */
export async function switchMode(context: CommandContext, argument: unknown): Promise<void> {
  const choice = asChoice(argument);
  if (choice !== undefined) return switchTo(context, choice);
  await context.environments.refresh();
  await pickEntry(placeEntries(menuInput(context)), 'Where shall agents work?');
}

/** Leaves it to the settings where agents work. */
export async function useSettings(context: CommandContext): Promise<void> {
  await switchTo(context, undefined);
}

/** Sends agents elsewhere, after asking what happens to processes where they were. */
export async function switchTo(
  context: CommandContext,
  choice: WorkspaceChoice | undefined,
): Promise<void> {
  const { environments, owner } = context;
  const from = environments.resolved.choice;
  const bySettings = environments.resolvedBySettings;
  const to = choice ?? bySettings.choice;
  if (choice === undefined && bySettings.problem !== undefined) notifyWarning(bySettings.problem);
  const runningProcesses = isSameChoice(from, to) ? 'keep' : await askAboutRunning(context, to);
  if (runningProcesses === undefined) return;
  await owner.setEnvironment(choice, runningProcesses);
  if (owner.supervisor.client !== undefined || isSameChoice(from, to)) return;
  const place = to.mode === 'remote' ? displayText(to.name, 64) : to.mode;
  notifyInfo(`Exec Server is off. When you start it, its mode is ${place}.`);
}

/** Tries at once to reach the remote again. */
export async function reconnect(context: CommandContext): Promise<void> {
  const client = requireClient(context);
  const view = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: 'Exec Server: reconnecting' },
    () => client.request('environment/reconnect', {}),
  );
  if (view.mode !== 'remote') {
    notifyInfo('Agents do not work on a remote now.');
  } else if (view.health !== 'ready') {
    notifyWarning(
      `${remoteName(view)} is not back: ${view.reason ?? 'no answer'}`,
      // A message without a button is shown as one line, and its reason would be cut off.
      { 'Show Log': () => vscode.commands.executeCommand(commandIds.showLog) },
    );
  }
}

/** Copies how the current remote is reached, without its token. */
export async function copyRemoteAddress({ model }: CommandContext): Promise<void> {
  const address = model.environment?.remote?.address;
  if (address === undefined) {
    notifyInfo('Agents do not work on a remote now.');
    return;
  }
  await vscode.env.clipboard.writeText(address);
}

/** Asks only where something runs in the place that agents leave. */
async function askAboutRunning(
  { model, environments }: CommandContext,
  to: WorkspaceChoice,
): Promise<'keep' | 'terminate' | undefined> {
  const from = environments.resolved.choice;
  if (from.mode === 'disabled') return 'keep';
  const running = model.runningProcesses.filter((process) => runsIn(process, from)).length;
  if (running === 0) return 'keep';
  const { message, detail, terminate, keep } = switchQuestion(from, to, running);
  // Enter gives the first: who switches everything off means what runs too, who only moves on does not.
  const answers = to.mode === 'disabled' ? [terminate, keep] : [keep, terminate];
  const answer = await askModal(message, detail, ...answers);
  if (answer === undefined) return undefined;
  return answer === terminate ? 'terminate' : 'keep';
}

function runsIn({ remote }: ModelProcess, choice: WorkspaceChoice): boolean {
  return remote === (choice.mode === 'remote' ? choice.name : undefined);
}

function asChoice(argument: unknown): WorkspaceChoice | undefined {
  const mode: unknown =
    typeof argument === 'object' && argument !== null && 'mode' in argument
      ? argument.mode
      : argument;
  if (mode === 'local' || mode === 'disabled') return { mode };
  if (mode !== 'remote' || typeof argument !== 'object' || argument === null) return undefined;
  return 'name' in argument && typeof argument.name === 'string'
    ? { mode, name: argument.name }
    : undefined;
}
