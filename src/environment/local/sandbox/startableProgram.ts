import { spawnFailed } from '../../../protocol/errorCodes';
import { findProgram, workingDirectoryError } from '../programLookup';
import { throughRenamer } from '../renamedProgram';
import type { ProgramRequest } from '../runningProgram';

/** A program that is there, and the command line for it. */
export interface StartableProgram {
  readonly file: string;
  readonly argv: readonly [string, ...string[]];
}

/**
 * Looks at what a start without a sandbox would fail for: with one, something else is started first and
 * would tell the failure on the program's output.
 *
 * @throws RpcError −32603 with the system's words.
 */
export function requireStartable(
  { argv, env, cwd, arg0 }: ProgramRequest,
  executorPath: string | undefined,
): StartableProgram {
  const cwdError = workingDirectoryError(cwd);
  if (cwdError !== undefined) throw spawnFailed(cwdError);
  const lookup = findProgram(argv[0], cwd, env['PATH']);
  if (!lookup.found) throw spawnFailed(lookup.errorCode);
  const { file } = lookup;
  if (arg0 === undefined) return { file, argv };
  return { file, argv: throughRenamer({ arg0, file, args: argv.slice(1), env, executorPath }) };
}
