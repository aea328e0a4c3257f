import { ErrorCode, RpcError } from '../../protocol/errorCodes';
import type { EnvironmentVariables } from './childEnvironment';
import { findProgram } from './programLookup';

/** A program that is to see another name than its file's. */
export interface RenamedProgram {
  readonly arg0: string;
  /** Absolute path of the program. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: EnvironmentVariables;
  /** The executor's own `PATH`, where the shell is looked for. */
  readonly executorPath: string | undefined;
}

/**
 * The command line that starts a program under another name in a terminal, where only a shell can do
 * it. `-p` keeps the shell from running anything the environment names. The shell may leave a `SHLVL`
 * behind; a `PWD` it would add is removed.
 */
export function throughRenamer(program: RenamedProgram): [string, ...string[]] {
  const shell = findProgram('bash', '/', program.executorPath);
  if (!shell.found) {
    throw new RpcError(
      ErrorCode.internal,
      'arg0 of a terminal process needs bash, which was not found on the PATH of the exec server',
    );
  }
  const forget = ['PWD', 'OLDPWD'].filter((name) => !(name in program.env)).join(' ');
  const script = `${forget === '' ? '' : `unset -v ${forget}; `}exec -a "$0" "$@"`;
  return [shell.file, '-p', '-c', script, program.arg0, program.file, ...program.args];
}
