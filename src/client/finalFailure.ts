import type { ExecServerErrorCode } from '../base/errors';
import { ExecServerError } from '../base/errors';
import { ErrorCode, RpcError } from '../protocol/errorCodes';

const finalCodes: ReadonlySet<ExecServerErrorCode> = new Set([
  'authenticationFailed',
  'invalidArguments',
  'protocolViolation',
]);

/** Whether another attempt to take up a session would fail the same way. */
export function isFinalFailure(error: unknown): boolean {
  if (error instanceof ExecServerError) return finalCodes.has(error.code);
  if (!(error instanceof RpcError) || error.code !== ErrorCode.invalidRequest) return false;
  // Releases up to 0.140 have one code for a session that is gone and for one that is still attached to
  // the connection we lost; only their words differ.
  return !error.message.includes('already attached');
}
