import type { RpcError } from '../../../protocol/errorCodes';
import { invalidRequest } from '../../../protocol/errorCodes';

/**
 * The answer to a request for a sandbox that cannot be enforced. It must never be passed over in silence:
 * the caller would believe in a protection that is not there.
 */
export function cannotConfine(reason: string): RpcError {
  return invalidRequest(
    `this exec-server cannot enforce a sandbox: ${reason}; or run the client with full access ` +
      '(for example `--sandbox danger-full-access`) if you trust it with this machine',
  );
}

/** A rule that cannot be kept as things are. */
export function cannotKeepRule(path: string, reason: string): RpcError {
  return invalidRequest(`the sandbox rule for ${path} cannot be enforced: ${reason}`);
}
