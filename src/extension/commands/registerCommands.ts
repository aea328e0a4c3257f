import * as vscode from 'vscode';
import { DisposableStore } from '../../base/lifecycle';
import type { Disposable } from '../../base/lifecycle';
import { toError } from '../../base/errors';
import { notifyError, reasonOf } from '../notify';
import type { CommandContext, CommandHandler } from './commandContext';
import { commandIds } from './commandIds';
import type { CommandId } from './commandIds';
import { chooseCapabilities } from './capabilityCommands';
import { argumentOf } from './commandTarget';
import { copyConnectCommand, rotateToken } from './connectCommands';
import { copyRemoteAddress, reconnect, switchMode, useSettings } from './environmentCommands';
import { restartServer, startServer, stopServer } from './lifecycleCommands';
import { showMenu } from './menuCommand';
import { openSettings } from './openSettings';
import {
  copyCommand,
  handBack,
  interrupt,
  openOutput,
  takeOver,
  terminate,
} from './processCommands';
import { addRemote, editRemote, forgetRemote } from './remoteCommands';
import { clearHistory, copySessionId, endSession } from './sessionCommands';

/** What each command does; a missing one does not compile. */
const handlers = {
  [commandIds.start]: startServer,
  [commandIds.stop]: stopServer,
  [commandIds.restart]: restartServer,
  [commandIds.switchMode]: switchMode,
  [commandIds.useSettings]: useSettings,
  [commandIds.addRemote]: addRemote,
  [commandIds.editRemote]: editRemote,
  [commandIds.forgetRemote]: forgetRemote,
  [commandIds.reconnect]: reconnect,
  [commandIds.copyRemoteAddress]: copyRemoteAddress,
  [commandIds.chooseCapabilities]: chooseCapabilities,
  [commandIds.copyConnectCommand]: copyConnectCommand,
  [commandIds.rotateToken]: rotateToken,
  [commandIds.openOutput]: openOutput,
  [commandIds.takeOver]: takeOver,
  [commandIds.handBack]: handBack,
  [commandIds.interrupt]: interrupt,
  [commandIds.terminate]: terminate,
  [commandIds.copyCommand]: copyCommand,
  [commandIds.copySessionId]: copySessionId,
  [commandIds.endSession]: endSession,
  [commandIds.clearHistory]: clearHistory,
  [commandIds.showLog]: ({ channel }: CommandContext) => channel.show(),
  [commandIds.showMenu]: showMenu,
  [commandIds.openSettings]: openSettings,
} as const satisfies Record<CommandId, CommandHandler>;

/** Registers every command. A failure ends as one notification that says what did not work. */
export function registerCommands(context: CommandContext): Disposable {
  const registrations = new DisposableStore();
  for (const [id, handler] of Object.entries<CommandHandler>(handlers)) {
    registrations.add(
      vscode.commands.registerCommand(id, async (...args: readonly unknown[]) => {
        try {
          await handler(context, argumentOf(args));
        } catch (error) {
          context.logger.error('a command failed', { command: id, reason: toError(error).message });
          notifyError(reasonOf(error), { 'Show Log': () => context.channel.show() });
        }
      }),
    );
  }
  return registrations;
}
