import * as vscode from 'vscode';
import type { EnvironmentView, ListenerView } from '../../control/messages';
import { ErrorCode, RpcError } from '../../protocol/errorCodes';
import {
  agentUrl,
  connectSnippet,
  forwardedAgentUrl,
  isLoopbackUrl,
} from '../connect/connectSnippets';
import type { SnippetForm } from '../connect/connectSnippets';
import { plural } from '../model/duration';
import { remoteName } from '../model/environmentText';
import { notifyInfo, notifyWarning } from '../notify';
import { requireClient } from './commandContext';
import type { CommandContext } from './commandContext';
import { commandIds } from './commandIds';
import { confirmTermination } from './confirmTermination';

/** Where the agent runs: beside the folder, or where the user sits, reached through the window's forwarding. */
type Reach = 'sameMachine' | 'throughWindow';

interface SnippetItem extends vscode.QuickPickItem {
  readonly form?: SnippetForm;
  readonly reach: Reach;
}

const FORMS = [
  { form: 'posix', label: 'POSIX shell', detail: 'Starts codex from bash, zsh and others.' },
  { form: 'powershell', label: 'PowerShell', detail: 'Starts codex from PowerShell.' },
  {
    form: 'environmentsToml',
    label: 'environments.toml entry',
    detail: 'For environments.toml in the Codex home folder.',
  },
  { form: 'url', label: 'URL', detail: 'The address alone, with the token.' },
] as const satisfies readonly { form: SnippetForm; label: string; detail: string }[];

/** Copies how an agent connects. The clipboard gets the token, by the user's wish; nothing else shows it. */
export async function copyConnectCommand(context: CommandContext): Promise<void> {
  const { listener } = context.model;
  if (listener === undefined || context.owner.supervisor.client === undefined) {
    notifyInfo('Exec Server is off. Start it, then copy the connect command.', {
      Start: () => vscode.commands.executeCommand(commandIds.start),
    });
    return;
  }
  const chosen = await vscode.window.showQuickPick(snippetItems(), {
    placeHolder: 'Which form of the connect command?',
  });
  if (chosen?.form === undefined) return;
  const url = await agentUrlFor(listener, chosen.reach);
  const workspace = workspaceFor(context);
  const hasSandbox = await canConfine(context);
  const snippet = connectSnippet(chosen.form, { url, workspace, hasSandbox });
  await vscode.env.clipboard.writeText(snippet);
  tellCopied(context, chosen.label, url);
}

/** Replaces the token; every connection with the one before is closed. */
export async function rotateToken(context: CommandContext): Promise<void> {
  const isWanted = await confirmTermination(
    context.model.processes,
    'Replace the token and disconnect all agents?',
    'Disconnect and Terminate',
  );
  if (!isWanted) return;
  const connections = context.model.listener?.connections ?? 0;
  await requireClient(context).request('token/rotate', {});
  notifyInfo(
    `The token was replaced and ${plural(connections, 'agent')} disconnected. Copy the connect command again for your agents.`,
    {
      'Copy Connect Command': () => vscode.commands.executeCommand(commandIds.copyConnectCommand),
    },
  );
}

/** Agents send the directory they begin in with every command: one of the place where they work. */
function workspaceFor({ model, owner }: CommandContext): string | undefined {
  const { environment } = model;
  // A folder of this machine would be a wrong one there.
  return environment?.mode === 'remote' ? environment.cwd : owner.firstFolder;
}

/** An executor that does not know the question has no sandbox either. */
async function canConfine(context: CommandContext): Promise<boolean> {
  try {
    return (await requireClient(context).request('sandbox/check', {})).isAvailable;
  } catch (error) {
    if (error instanceof RpcError && error.code === ErrorCode.methodNotFound) return false;
    throw error;
  }
}

function snippetItems(): readonly SnippetItem[] {
  const direct = FORMS.map((form) => ({ ...form, reach: 'sameMachine' as const }));
  if (vscode.env.remoteName === undefined) return direct;
  return [
    separator('For an agent on the machine of this folder', 'sameMachine'),
    ...direct,
    separator('For an agent where you sit', 'throughWindow'),
    ...FORMS.map((form) => ({
      ...form,
      // A screen reader does not say the separator above, and the labels are those of the first group.
      description: 'through this window',
      reach: 'throughWindow' as const,
    })),
  ];
}

function separator(label: string, reach: Reach): SnippetItem {
  return { label, reach, kind: vscode.QuickPickItemKind.Separator };
}

async function agentUrlFor({ url, token, port }: ListenerView, reach: Reach): Promise<string> {
  if (reach === 'sameMachine') return agentUrl(url, token);
  // Asked each time: a forwarding can be closed by the user, so its address must not be kept.
  const local = vscode.Uri.parse(`http://127.0.0.1:${port}/`);
  const external = await vscode.env.asExternalUri(local);
  return forwardedAgentUrl(external.toString(true), token);
}

function tellCopied(context: CommandContext, form: string, url: string): void {
  if (!isLoopbackUrl(url)) {
    notifyWarning(
      `Copied (${form}). The address leads through another host: the agent must reach it without signing in, and the host must be listed in execServer.allowedHosts. An agent on the machine of this folder needs the form for that machine.`,
      { 'Open Settings': () => vscode.commands.executeCommand(commandIds.openSettings) },
    );
    return;
  }
  const note = noteAbout(context.model.environment);
  notifyInfo(
    `Copied with the token: paste it only where the agent runs.${note}`,
    // A message without a button is shown as one line, and the note would be cut off.
    note === ''
      ? {}
      : { 'Switch Mode': () => vscode.commands.executeCommand(commandIds.switchMode) },
  );
}

/** What somebody who starts an agent now should know about where it will work. */
function noteAbout(environment: EnvironmentView | undefined): string {
  switch (environment?.mode) {
    case 'disabled':
      return ' Exec Server is disabled and refuses every call.';
    case 'remote':
      return environment.cwd === undefined
        ? ` The agent works on ${remoteName(environment)}, which has not told its directory: add -C with the one to work in.`
        : ` The agent works on ${remoteName(environment)}.`;
    case 'local':
    case undefined:
      return '';
  }
}
