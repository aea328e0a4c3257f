import * as vscode from 'vscode';
import type { RemoteEndpoint, RemoteTarget } from '../../environment/environmentChoice';
import {
  REMOTE_URL_NAME,
  addressProblem,
  commandWords,
  looksLikeAddress,
  nameProblem,
  separateToken,
  suggestName,
  tokenProblem,
} from '../environment/remoteForm';
import { quotePosix } from '../model/processText';

/** What the steps begin with and must not collide with. */
export interface RemoteQuestion {
  readonly title: string;
  readonly before: RemoteTarget | undefined;
  /** Names of the other remotes. */
  readonly taken: readonly string[];
}

/** Asks for address or command, name and token; `undefined` when the user gave up. */
export async function askForRemote(question: RemoteQuestion): Promise<RemoteTarget | undefined> {
  const where = await askWhere(question);
  if (where === undefined) return undefined;
  const name = await askName(question, where);
  if (name === undefined) return undefined;
  if (!looksLikeAddress(where)) return { name, endpoint: commandEndpoint(where, question.before) };
  const { url, token } = separateToken(where);
  const before = question.before?.endpoint;
  // The token of another address is not offered for this one.
  const known = before !== undefined && 'url' in before && before.url === url ? before.token : '';
  const entered = await askToken(question, url, token ?? known ?? '');
  if (entered === undefined) return undefined;
  return { name, endpoint: entered === '' ? { url } : { url, token: entered } };
}

async function askWhere({ title, before }: RemoteQuestion): Promise<string | undefined> {
  const entered = await vscode.window.showInputBox({
    title: `${title}: Where`,
    prompt: 'The address of an exec-server, or a command that speaks with one',
    placeHolder: 'wss://box.example/  or  ssh box exec-server --listen stdio --workspace /path',
    value: before === undefined ? '' : textOf(before.endpoint),
    ignoreFocusOut: true,
    validateInput: (text) => whereProblem(text.trim()),
  });
  return entered?.trim();
}

async function askName(
  { title, before, taken }: RemoteQuestion,
  where: string,
): Promise<string | undefined> {
  // The remote of `execServer.remote.url` has its name from there, and can only be an address.
  const isOfUrlSetting = before?.name === REMOTE_URL_NAME;
  if (isOfUrlSetting && looksLikeAddress(where)) return REMOTE_URL_NAME;
  return vscode.window.showInputBox({
    title: `${title}: Name`,
    prompt: 'A name for it, for the status bar and the tree',
    value: before === undefined || isOfUrlSetting ? suggestName(where, taken) : before.name,
    ignoreFocusOut: true,
    validateInput: (name) =>
      nameProblem(name) ??
      (taken.includes(name) || name === REMOTE_URL_NAME
        ? 'There is a remote of this name already.'
        : undefined),
  });
}

async function askToken(
  { title }: RemoteQuestion,
  url: string,
  value: string,
): Promise<string | undefined> {
  const problem = tokenProblem(url);
  return vscode.window.showInputBox({
    title: `${title}: Token`,
    prompt:
      'Its token, kept in the secret storage of the editor. Leave it empty if it asks for none.',
    password: true,
    value,
    ignoreFocusOut: true,
    validateInput: (token) => (token === '' ? undefined : problem),
  });
}

/** Of an unfinished text nothing is said but what is wrong with it. */
function whereProblem(text: string): string | undefined {
  if (text === '') return 'Enter an address or a command.';
  if (looksLikeAddress(text)) return addressProblem(text);
  return commandWords(text) === undefined ? 'A quote is not closed.' : undefined;
}

function textOf(endpoint: RemoteEndpoint): string {
  if ('url' in endpoint) return endpoint.url;
  return [endpoint.program, ...(endpoint.args ?? [])].map(quotePosix).join(' ');
}

/** Directory and variables of a command can be set in the settings only; editing the command keeps them. */
function commandEndpoint(text: string, before: RemoteTarget | undefined): RemoteEndpoint {
  const [program = '', ...args] = commandWords(text) ?? [];
  const kept = before !== undefined && 'program' in before.endpoint ? before.endpoint : {};
  return { ...kept, program, args };
}
