import * as vscode from 'vscode';
import { toError } from '../../base/errors';
import { connectExecServer } from '../../client/connectExecServer';
import { describeEndpoint } from '../../environment/environmentChoice';
import type { RemoteTarget } from '../../environment/environmentChoice';
import { separateToken } from '../environment/remoteForm';
import { probeRemote } from '../environment/remoteProbe';
import type { RemoteFacts } from '../environment/remoteProbe';
import type { KnownRemote } from '../environment/remoteList';
import { removeRemote, saveRemote } from '../environment/remoteStore';
import type { RemoteStoreParts } from '../environment/remoteStore';
import { displayText } from '../model/displayText';
import { askModal, notifyInfo, notifyWarning, reasonOf } from '../notify';
import { isSameChoice } from '../rememberedChoice';
import { SETTINGS_SECTION } from '../settingsSchema';
import type { CommandContext } from './commandContext';
import { commandIds } from './commandIds';
import { switchTo } from './environmentCommands';
import { askForRemote } from './remoteInput';

/** Asks for a remote, tests it and saves it. */
export async function addRemote(context: CommandContext): Promise<void> {
  await enterRemote(context, 'Add Remote', undefined);
}

/** Changes a remote of the settings, after testing it again. */
export async function editRemote(context: CommandContext, argument: unknown): Promise<void> {
  const remote = await chooseRemote(context, argument, 'Edit which remote?');
  if (remote !== undefined) await enterRemote(context, 'Edit Remote', remote);
}

/** Removes a remote of the settings, and its token. */
export async function forgetRemote(context: CommandContext, argument: unknown): Promise<void> {
  const remote = await chooseRemote(context, argument, 'Forget which remote?');
  if (remote === undefined) return;
  const { name, endpoint } = remote;
  const shown = displayText(name, 64);
  if (isSameChoice(context.environments.resolved.choice, { mode: 'remote', name })) {
    notifyWarning(`Agents work on ${shown} now. Switch to another place before you forget it.`, {
      'Switch Mode': () => vscode.commands.executeCommand(commandIds.switchMode),
    });
    return;
  }
  const detail = `${displayText(describeEndpoint(endpoint))} is removed from your settings, with its token.`;
  if ((await askModal(`Forget ${shown}?`, detail, 'Forget')) !== 'Forget') return;
  await removeRemote(storeParts(context), name);
}

async function enterRemote(
  context: CommandContext,
  title: string,
  replaced: KnownRemote | undefined,
): Promise<void> {
  const taken = context.environments.remotes
    .map(({ name }) => name)
    .filter((name) => name !== replaced?.name);
  let draft: RemoteTarget | undefined = await draftOf(context, replaced);
  for (;;) {
    draft = await askForRemote({ title, before: draft, taken });
    if (draft === undefined) return;
    const verdict = await judge(context, draft);
    if (verdict === 'cancel') return;
    if (verdict === 'edit') continue;
    await save(context, draft, replaced?.name);
    tellSaved(context, draft, verdict);
    return;
  }
}

/** What to do with an entered remote: what it told when it answered, else the user's word. */
async function judge(
  context: CommandContext,
  draft: RemoteTarget,
): Promise<RemoteFacts | 'edit' | 'cancel'> {
  for (;;) {
    try {
      // A test that was called off says nothing about the remote: back to what was entered.
      return (await testWithProgress(context, draft)) ?? 'edit';
    } catch (error) {
      context.logger.warn('a remote did not pass its test', { reason: toError(error).message });
      const message = `${displayText(draft.name, 64)} does not answer as an exec-server.`;
      const answer = await askModal(message, reasonOf(error), 'Retry', 'Edit', 'Save Anyway');
      if (answer === 'Edit') return 'edit';
      if (answer === 'Save Anyway') return [];
      if (answer === undefined) return 'cancel';
    }
  }
}

async function testWithProgress(
  { clock, logger }: CommandContext,
  { name, endpoint }: RemoteTarget,
): Promise<RemoteFacts | undefined> {
  return vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: `Connecting to ${displayText(name, 64)}…`,
      cancellable: true,
    },
    (_progress, cancellation) =>
      probeRemote(
        {
          clock,
          logger,
          connect: (target) =>
            connectExecServer({ endpoint: target, clientName: 'vscode-test', logger, clock }),
        },
        endpoint,
        (listener) => cancellation.onCancellationRequested(listener),
      ),
  );
}

/** A remote that agents work on is used as it is now, at once. */
async function save(
  context: CommandContext,
  draft: RemoteTarget,
  replaced: string | undefined,
): Promise<void> {
  const { choice, environments, owner } = context;
  const isCurrent =
    replaced !== undefined &&
    isSameChoice(environments.resolved.choice, { mode: 'remote', name: replaced });
  const isChosenHere =
    replaced !== undefined && isSameChoice(choice.environment, { mode: 'remote', name: replaced });
  // Before the settings, which would otherwise lack the remote that is chosen.
  const next = { mode: 'remote', name: draft.name } as const;
  if (isChosenHere) await choice.rememberEnvironment(next);
  await saveRemote(storeParts(context), draft, replaced);
  if (isCurrent) await owner.setEnvironment(choice.environment, 'keep');
}

function tellSaved(context: CommandContext, { name }: RemoteTarget, facts: RemoteFacts): void {
  const shown = displayText(name, 64);
  const answer = facts.length === 0 ? 'without an answer from it' : facts.map(plain).join(', ');
  const choice = { mode: 'remote', name } as const;
  const isCurrent = isSameChoice(context.environments.resolved.choice, choice);
  notifyInfo(
    `Saved ${shown}: ${answer}.`,
    isCurrent ? {} : { [`Switch to ${shown}`]: () => switchTo(context, choice) },
  );
}

const plain = (fact: string): string => displayText(fact, 120);

async function draftOf(
  { tokens }: CommandContext,
  remote: KnownRemote | undefined,
): Promise<RemoteTarget | undefined> {
  if (remote === undefined) return undefined;
  const { name, endpoint } = remote;
  if (!('url' in endpoint)) return { name, endpoint };
  // A token that somebody wrote into the settings must not stand in the box for the address.
  const { url, token } = separateToken(endpoint.url);
  return { name, endpoint: { url, token: token ?? (await tokens.find(name, url)) } };
}

/** The remote a row of the menu names, or an answer of the user. Others than those of the settings are not ours. */
async function chooseRemote(
  { environments }: CommandContext,
  argument: unknown,
  placeHolder: string,
): Promise<KnownRemote | undefined> {
  const remotes = environments.remotes.filter(({ source }) => source === 'settings');
  if (typeof argument === 'string') return remotes.find(({ name }) => name === argument);
  if (remotes.length === 0) {
    notifyInfo('There is no remote in your settings.', {
      'Add Remote': () => vscode.commands.executeCommand(commandIds.addRemote),
    });
    return undefined;
  }
  const items = remotes.map((remote) => ({
    label: remote.name,
    description: displayText(describeEndpoint(remote.endpoint)),
    remote,
  }));
  return (await vscode.window.showQuickPick(items, { placeHolder }))?.remote;
}

function storeParts({ tokens, settings }: CommandContext): RemoteStoreParts {
  return {
    tokens,
    settings: settings(),
    configuration: vscode.workspace.getConfiguration(SETTINGS_SECTION),
  };
}
