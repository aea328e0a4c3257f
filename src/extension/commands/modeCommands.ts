import * as vscode from 'vscode';
import { EnvironmentModeSchema } from '../../control/messages';
import type { EnvironmentMode } from '../../control/messages';
import { askModal, notifyInfo } from '../notify';
import type { CommandContext } from './commandContext';

const MODES: Readonly<
  Record<EnvironmentMode, { readonly label: string; readonly detail: string }>
> = {
  local: {
    label: 'Local',
    detail: 'Agents run processes and work with files on this machine.',
  },
  disabled: {
    label: 'Disabled',
    detail: 'Agents stay connected, but every call of theirs is refused.',
  },
};

/** Switches to the mode given, or asks for one. */
export async function switchMode(context: CommandContext, argument: unknown): Promise<void> {
  const current = context.model.mode ?? context.choice.mode;
  const given = EnvironmentModeSchema.safeParse(argument);
  const mode = given.success ? given.data : await askForMode(current);
  if (mode === undefined || mode === current) return;
  const runningProcesses = mode === 'disabled' ? await askAboutRunning(context) : 'keep';
  if (runningProcesses === undefined) return;
  await context.owner.setMode(mode, runningProcesses);
  if (context.owner.supervisor.client === undefined) {
    notifyInfo(`Exec Server is off. When you start it, its mode is ${mode}.`);
  }
}

async function askForMode(current: EnvironmentMode): Promise<EnvironmentMode | undefined> {
  const items = EnvironmentModeSchema.options.map((mode) => ({
    mode,
    ...MODES[mode],
    ...(mode === current ? { description: 'current' } : {}),
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder: 'Mode of Exec Server' }))?.mode;
}

async function askAboutRunning({
  model,
}: CommandContext): Promise<'keep' | 'terminate' | undefined> {
  const running = model.runningProcesses.length;
  if (running === 0) return 'keep';
  const terminate =
    running === 1 ? 'Terminate 1 Running Process' : `Terminate ${running} Running Processes`;
  const keep = running === 1 ? 'Keep It Running' : 'Keep Them Running';
  const answer = await askModal(
    'Disable Exec Server?',
    'Agents can no longer read output of processes that go on running, nor end them. You can.',
    terminate,
    keep,
  );
  if (answer === undefined) return undefined;
  return answer === terminate ? 'terminate' : 'keep';
}
