import * as vscode from 'vscode';
import { hasHiddenText } from '../model/displayText';
import { isRunning } from '../model/executorModel';
import type { ModelProcess } from '../model/executorModel';
import { pastableCommand } from '../model/processText';
import { notifyInfo } from '../notify';
import { requireClient } from './commandContext';
import type { CommandContext } from './commandContext';
import { chooseProcess } from './commandTarget';

/** Shows the output of a process in a terminal. */
export async function openOutput(context: CommandContext, argument: unknown): Promise<void> {
  const process = await chooseProcess(context, argument, {
    isEligible: (candidate) => candidate.isReachable,
    placeholder: 'Whose output?',
    none: 'There is no process whose output could be shown.',
  });
  if (process === undefined) return;
  requireClient(context);
  context.terminals.show(process, 'take');
}

/** Gives the user the keyboard of a process; the agent's input is refused until it is handed back. */
export async function takeOver(context: CommandContext, argument: unknown): Promise<void> {
  const process = await chooseProcess(context, argument, {
    isEligible: (candidate) =>
      isRunning(candidate) && candidate.acceptsInput && candidate.inputHolder === 'agent',
    placeholder: 'Take over the input of which process?',
    none: 'There is no running process whose input you could take over.',
  });
  if (process === undefined) return;
  await requireClient(context).request('input/takeOver', { serial: process.serial });
  context.terminals.show(process, 'take');
}

/** Gives the keyboard back to the agent. */
export async function handBack(context: CommandContext, argument: unknown): Promise<void> {
  const process = await chooseProcess(context, argument, {
    isEligible: (candidate) => isRunning(candidate) && candidate.inputHolder === 'user',
    placeholder: 'Hand back the input of which process?',
    none: 'You have taken over no input.',
  });
  if (process === undefined) return;
  await requireClient(context).request('input/handBack', { serial: process.serial });
}

/** What Ctrl+C does. */
export async function interrupt(context: CommandContext, argument: unknown): Promise<void> {
  const process = await chooseProcess(context, argument, {
    isEligible: isRunning,
    placeholder: 'Interrupt which process?',
    none: 'There is no running process.',
  });
  if (process === undefined) return;
  await requireClient(context).request('process/signal', {
    serial: process.serial,
    signal: 'interrupt',
  });
}

/** Ends a process and everything it started. */
export async function terminate(context: CommandContext, argument: unknown): Promise<void> {
  const process = await chooseProcess(context, argument, {
    isEligible: hasSomethingToEnd,
    placeholder: 'Terminate which process?',
    none: 'There is no running process.',
  });
  if (process === undefined) return;
  await requireClient(context).request('process/terminate', { serial: process.serial });
}

/** Copies the command line, quoted for the usual shell of the machine it ran on. */
export async function copyCommand(context: CommandContext, argument: unknown): Promise<void> {
  const chosen = await chooseProcess(context, argument, {
    isEligible: () => true,
    placeholder: 'Copy the command of which process?',
    none: 'There is no process.',
  });
  if (chosen === undefined) return;
  const command = pastableCommand(chosen.argv, platformOf(chosen));
  await vscode.env.clipboard.writeText(command);
  if (hasHiddenText(command)) {
    notifyInfo(
      'Copied. The command has line breaks or hidden characters: look at it before you run it.',
    );
  }
}

/** Of a remote only its paths are known here; they tell whose quotes it takes. */
function platformOf({ remote, cwd }: ModelProcess): NodeJS.Platform {
  if (remote === undefined) return process.platform;
  return /^(?:[A-Za-z]:)?[\\]/.test(cwd) ? 'win32' : 'linux';
}

/** A closing process has exited, but something it started still holds its output. */
function hasSomethingToEnd(process: ModelProcess): boolean {
  return !process.isLost && process.state !== 'closed';
}
