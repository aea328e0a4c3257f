import * as vscode from 'vscode';
import { commandIds } from '../commands/commandIds';
import type { ModelProcess } from '../model/executorModel';
import { processLabel } from '../model/treeModel';
import { notifyInfo, notifyWarning } from '../notify';
import type { InputFact } from './execPseudoterminal';

/** Long enough to read, short enough not to be in the way. */
const STATUS_MESSAGE_MS = 6000;

const MAX_COMMAND_CHARS = 40;

/** Tells the user whose input it is, and offers what they can do about it. */
export function announceInput(fact: InputFact, process: ModelProcess): void {
  const command = processLabel(process, MAX_COMMAND_CHARS);
  switch (fact) {
    case 'readOnly':
      notifyInfo(`Read-only: the agent has the input of '${command}'.`, {
        'Take Over Input': () =>
          vscode.commands.executeCommand(commandIds.takeOver, { kind: 'process', id: process.key }),
      });
      return;
    case 'takesNoInput':
      notifyInfo(`Read-only: '${command}' takes no input.`);
      return;
    case 'inputDropped':
      notifyWarning(`'${command}' does not read: the rest of your input was not sent.`);
      return;
    case 'takenOver':
      vscode.window.setStatusBarMessage(`You have the input of '${command}'`, STATUS_MESSAGE_MS);
      return;
    case 'handedBack':
      vscode.window.setStatusBarMessage(
        `The agent has the input of '${command}'`,
        STATUS_MESSAGE_MS,
      );
  }
}
