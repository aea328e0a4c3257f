import type { LogOutputChannel } from 'vscode';
import type { Clock } from '../../base/clock';
import { ExecServerError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import type { ControlClient } from '../../control/controlClient';
import type { EnvironmentDirectory } from '../environment/environmentDirectory';
import type { RemoteTokens } from '../environment/remoteTokens';
import type { ExecutorOwner } from '../executorOwner';
import type { ExecutorModel } from '../model/executorModel';
import type { RememberedChoice } from '../rememberedChoice';
import type { Settings } from '../settingsSchema';
import type { ProcessTerminals } from '../terminals/processTerminals';
import type { SessionsView } from '../tree/sessionsView';

/** What commands act on. */
export interface CommandContext {
  readonly owner: ExecutorOwner;
  readonly model: ExecutorModel;
  readonly choice: RememberedChoice;
  readonly environments: EnvironmentDirectory;
  readonly tokens: RemoteTokens;
  readonly terminals: ProcessTerminals;
  readonly view: SessionsView;
  readonly channel: LogOutputChannel;
  readonly extensionId: string;
  /** For programs that are started to reach a remote, and for the log. */
  readonly logger: Logger;
  readonly clock: Clock;
  readonly settings: () => Settings;
}

/** A command's work. `argument` is whatever the caller passed: a tree node, something of the editor's, or nothing. */
export type CommandHandler = (context: CommandContext, argument: unknown) => unknown;

/** The control channel. @throws ExecServerError `connectionClosed` while there is no executor. */
export function requireClient(context: CommandContext): ControlClient {
  const { client } = context.owner.supervisor;
  if (client !== undefined) return client;
  throw new ExecServerError('connectionClosed', 'Exec Server is off. Start it first.');
}
