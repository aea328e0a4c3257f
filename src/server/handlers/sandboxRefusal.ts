import { invalidRequest } from '../../protocol/errorCodes';

/**
 * Refuses a request that asks to be confined. A sandbox we cannot enforce must never be passed over in
 * silence: the caller would believe in a protection that is not there. Absent, `null` and permissions of
 * type `disabled` ask for nothing.
 *
 * @throws RpcError −32600
 */
export function refuseSandbox(sandbox: unknown): void {
  if (sandbox === undefined || sandbox === null || asksForNothing(sandbox)) return;
  throw invalidRequest(
    'this exec-server cannot enforce a sandbox; run the client with full access ' +
      '(for example `--sandbox danger-full-access`) if you trust it with this machine',
  );
}

function asksForNothing(sandbox: unknown): boolean {
  if (typeof sandbox !== 'object' || sandbox === null || !('permissions' in sandbox)) return false;
  const { permissions } = sandbox;
  if (typeof permissions !== 'object' || permissions === null) return false;
  return 'type' in permissions && permissions.type === 'disabled';
}
