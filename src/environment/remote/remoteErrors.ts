import { ExecServerError, toError } from '../../base/errors';
import { ErrorCode, RpcError, environmentUnreachable } from '../../protocol/errorCodes';

/**
 * A failure at a remote as its caller shall hear it: what the remote answered stays as it is, and what
 * kept us from hearing it is the environment's.
 */
export function toRemoteFailure(name: string, thrown: unknown): RpcError {
  if (thrown instanceof RpcError) return thrown;
  if (thrown instanceof ExecServerError && thrown.code === 'protocolViolation') {
    return new RpcError(
      ErrorCode.internal,
      `the remote environment ${name} gave an answer that cannot be read: ${thrown.message}`,
      { cause: thrown },
    );
  }
  return environmentUnreachable(name, toError(thrown).message);
}
