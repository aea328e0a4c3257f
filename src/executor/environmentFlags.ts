import { ExecServerError } from '../base/errors';
import type { EnvironmentChoice } from '../environment/environmentChoice';
import {
  ENVIRONMENT_VARIABLE,
  environmentFromVariables,
  remoteOfAddress,
} from '../environment/environmentFromVariables';
import { readTokenFile } from './authFlags';

/** The flags that say where agents' calls go, as they were written. */
export interface EnvironmentFlags {
  readonly environment?: string | undefined;
  readonly 'environment-token-file'?: string | undefined;
}

export interface ChosenEnvironment {
  readonly choice: EnvironmentChoice;
  /** What chose a remote; whoever started us may not know of the variable. */
  readonly chosenBy: '--environment' | typeof ENVIRONMENT_VARIABLE;
}

/**
 * Reads where calls go: the flag, else the variable, else this machine.
 *
 * @throws ExecServerError `invalidArguments` for a value nobody can mean, `inconsistentArguments` for a
 *   token without a remote and for a token that cannot be had.
 */
export function readEnvironment(
  flags: EnvironmentFlags,
  variables: NodeJS.ProcessEnv,
): ChosenEnvironment {
  const { environment, 'environment-token-file': tokenFile } = flags;
  const chosenBy = environment === undefined ? ENVIRONMENT_VARIABLE : '--environment';
  const choice =
    environment === undefined ? environmentFromVariables(variables) : readFlag(environment);
  if (tokenFile === undefined) return { choice, chosenBy };
  if (choice.mode !== 'remote') {
    throw new ExecServerError(
      'inconsistentArguments',
      '--environment-token-file makes sense only with an address as --environment',
    );
  }
  const { name, endpoint } = choice.remote;
  const token = readTokenFile('environment-token-file', tokenFile);
  return {
    choice: { mode: 'remote', remote: { name, endpoint: { ...endpoint, token } } },
    chosenBy,
  };
}

function readFlag(text: string): EnvironmentChoice {
  const word = text.trim().toLowerCase();
  if (word === 'local') return { mode: 'local' };
  if (word === 'none') return { mode: 'disabled' };
  return { mode: 'remote', remote: remoteOfAddress(text, '--environment') };
}
