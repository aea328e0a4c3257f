import { ExecServerError } from '../base/errors';
import type { EnvironmentChoice, RemoteTarget } from './environmentChoice';

/** By this variable Codex is told where its exec-server is, and we where to pass calls on to. */
export const ENVIRONMENT_VARIABLE = 'CODEX_EXEC_SERVER_URL';

/**
 * What the variable says, which counts where the user has chosen nothing: `none` for nowhere, an address
 * for a remote; unset or empty for this machine.
 *
 * @throws ExecServerError `invalidArguments`, without the value: it may hold a token.
 */
export function environmentFromVariables(
  variables: Readonly<Record<string, string | undefined>>,
): EnvironmentChoice {
  const text = variables[ENVIRONMENT_VARIABLE]?.trim() ?? '';
  if (text === '') return { mode: 'local' };
  if (text.toLowerCase() === 'none') return { mode: 'disabled' };
  return { mode: 'remote', remote: remoteOfAddress(text, ENVIRONMENT_VARIABLE) };
}

/**
 * The remote at an address, named after its host.
 *
 * @param source what said so, such as a flag, for the message
 * @throws ExecServerError `invalidArguments`, without the text: it may hold a token.
 */
export function remoteOfAddress(text: string, source: string): RemoteTarget {
  const problem = addressProblem(text);
  if (problem !== undefined) {
    throw new ExecServerError('invalidArguments', `${source} ${problem}`);
  }
  const url = text.trim();
  return { name: new URL(url).host, endpoint: { url } };
}

/** Why a text is no address of an exec-server: a sentence without its subject, and without the text. */
export function addressProblem(text: string): string | undefined {
  const url = text.trim();
  if (!/^wss?:\/\//i.test(url) || !URL.canParse(url)) {
    return 'must be an address such as ws://127.0.0.1:4000 or wss://box.example';
  }
  const { username, password } = new URL(url);
  if (username === '' && password === '') return undefined;
  return 'must be an address without a name and a password; an exec-server asks for a token';
}
