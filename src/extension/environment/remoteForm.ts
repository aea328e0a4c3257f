import { isLoopbackUrl } from '../connect/connectSnippets';
import type { RemoteEndpoint } from '../../environment/environmentChoice';

/** The name of the remote that the setting `execServer.remote.url` gives an address to. */
export const REMOTE_URL_NAME = 'remote';

/** Names other places already have, in Codex or in our status bar. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(['local', 'none', 'disabled']);

/** What Codex takes as the id of an environment; the same names serve both. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** What is wrong with a name for a remote, for people; `undefined` when it is a good one. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'Give the remote a name.';
  if (!NAME.test(name)) return 'Use 1 to 64 letters, digits, "-" and "_".';
  if (RESERVED_NAMES.has(name.toLowerCase())) return `"${name}" already means something else.`;
  return undefined;
}

/** What is wrong with an address, for people; it is never quoted, because it may hold a token. */
export function addressProblem(text: string): string | undefined {
  if (!URL.canParse(text)) return 'This is no address. Write it as ws://host:port or wss://host.';
  const url = new URL(text);
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:') {
    return 'The address must begin with ws:// or wss://.';
  }
  if (url.username !== '' || url.password !== '') {
    return 'Leave out user and password. A token is asked for next.';
  }
  return url.hash === '' ? undefined : 'Leave out what follows the #.';
}

/** What was typed as an address: without a token, and the token it held. */
export interface EnteredAddress {
  readonly url: string;
  readonly token: string | undefined;
}

/** Takes the token out of an address, as the one that "Copy Connect Command" gives has one. */
export function separateToken(address: string): EnteredAddress {
  const url = new URL(address);
  const token = url.searchParams.get('token') ?? undefined;
  url.searchParams.delete('token');
  return { url: url.href, token: token === '' ? undefined : token };
}

/** Why a token must not be sent to an address; `undefined` when nobody on the way could read it. */
export function tokenProblem(address: string): string | undefined {
  if (new URL(address).protocol === 'wss:' || isLoopbackUrl(address)) return undefined;
  return 'A token would cross the network unencrypted. Use a wss:// address, or an SSH tunnel and ws://127.0.0.1.';
}

/** Where an endpoint's token would be sent, and whether that must not be. */
export function endpointProblem(endpoint: RemoteEndpoint): string | undefined {
  if (!('url' in endpoint)) return undefined;
  const { url, token } = separateToken(endpoint.url);
  return endpoint.token === undefined && token === undefined ? undefined : tokenProblem(url);
}

/** Whether what was typed is meant as an address and not as a command. */
export function looksLikeAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
}

/** A name to begin with: the host of an address or of an `ssh` command, unless it is taken. */
export function suggestName(text: string, taken: readonly string[]): string {
  const host = looksLikeAddress(text) ? new URL(text).hostname : hostOfSsh(text);
  // The digits of an address say nothing to people.
  const [first = ''] = /^[\d.]+$|^\[|^localhost$/.test(host) ? [] : host.split('.');
  const base = nameProblem(first) === undefined ? first : 'box';
  const candidates = [base, ...taken.map((_, index) => `${base}-${index + 2}`)];
  return candidates.find((name) => !taken.includes(name)) ?? base;
}

function hostOfSsh(command: string): string {
  const [program = '', ...args] = commandWords(command) ?? [];
  if (!/(?:^|[\\/])ssh(?:\.exe)?$/.test(program)) return '';
  const host = args.find((word) => /^(?:[\w.-]+@)?[A-Za-z][\w.-]*$/.test(word)) ?? '';
  return host.replace(/^.*@/, '');
}

/**
 * A command line as program and arguments: words between spaces, with the quotes and the backslash of a
 * POSIX shell and nothing else of it. `undefined` when a quote is left open or there is no word.
 */
export function commandWords(text: string): readonly [string, ...string[]] | undefined {
  const WORD = /\s*((?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+)/suy;
  const words: string[] = [];
  let end = 0;
  for (let match = WORD.exec(text); match !== null; match = WORD.exec(text)) {
    words.push(unquoted(match[1] ?? ''));
    end = WORD.lastIndex;
  }
  const [program, ...args] = words;
  return program === undefined || text.slice(end).trim() !== '' ? undefined : [program, ...args];
}

function unquoted(word: string): string {
  return word.replace(
    /'([^']*)'|"((?:[^"\\]|\\.)*)"|\\(.)/gsu,
    (_, single?: string, double?: string, escaped?: string) =>
      single ?? double?.replace(/\\(["\\$`])/g, '$1') ?? escaped ?? '',
  );
}
