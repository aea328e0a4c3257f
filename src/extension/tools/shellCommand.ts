import type { EnvironmentInfoResponse } from '../../protocol/environmentMessages';

/** What runs a command line there. */
export interface ShellChoice {
  /** The shell of the environment. */
  readonly standard: EnvironmentInfoResponse['shell'];
  /** A program the model prefers. */
  readonly program?: string | undefined;
  /** Reads the user's login files first. */
  readonly login: boolean;
}

/** The arguments that run a command line in a shell. */
export function shellCommand(commandLine: string, choice: ShellChoice): string[] {
  const { standard, program = standard.path, login } = choice;
  const name = choice.program === undefined ? standard.name : nameOf(program);
  switch (name) {
    case 'powershell':
    case 'pwsh':
      return [program, ...(login ? [] : ['-NoProfile']), '-Command', commandLine];
    case 'cmd':
      return [program, '/c', commandLine];
    default:
      return [program, login ? '-lc' : '-c', commandLine];
  }
}

function nameOf(program: string): string {
  return (program.split(/[\\/]/).at(-1) ?? '').replace(/\.exe$/i, '').toLowerCase();
}
