import { constants } from 'node:os';
import { exitCodeOf } from '../exitCode';

/** What programs print when something was refused to them, as the measured peer looks for it. */
const refusals =
  /operation not permitted|permission denied|read-only file system|seccomp|sandbox|landlock|failed to write file/i;

/** Forbidden system calls may end a program with this signal. */
const forbiddenCallExitCode = exitCodeOf(null, constants.signals.SIGSYS);

/**
 * Whether the failure of a confined program reads like a refusal of its sandbox: nobody can know, and
 * clients ask the user for more rights when it may be so. Judges the output that is still kept.
 */
export function looksDenied(exitCode: number, output: readonly Buffer[]): boolean {
  if (exitCode === 0) return false;
  if (process.platform === 'linux' && exitCode === forbiddenCallExitCode) return true;
  return refusals.test(Buffer.concat(output).toString('latin1'));
}
