import type { Clock } from '../base/clock';
import type { Limits } from '../base/limits';
import { withinTime } from '../base/withinTime';
import { ErrorCode, RpcError, environmentUnreachable } from '../protocol/errorCodes';
import type { Environment } from './environment';

/** What bounds the wait for a place that is not on this machine. */
export interface SandboxCheckPatience {
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'environmentInfoMs'>;
}

/**
 * Whether a place keeps the sandboxes that are asked for, found out by the mildest call that asks for one.
 * Where nothing can be found out the answer is yes: who asks for a sandbox in vain is refused and told
 * what to do, and who was told not to ask has none.
 */
export async function keepsSandboxes(
  environment: Environment,
  patience: SandboxCheckPatience,
): Promise<boolean> {
  const { clock, limits } = patience;
  const late = (): RpcError => environmentUnreachable(undefined, 'it has not answered in time');
  try {
    await withinTime(lookAround(environment), clock, limits.environmentInfoMs, late);
    return true;
  } catch (error) {
    return !(error instanceof RpcError && saysNo(error));
  }
}

async function lookAround(environment: Environment): Promise<void> {
  const { cwd } = await environment.info();
  const path = environment.pathStyle === 'posix' ? '/' : cwd;
  if (path === undefined) return;
  const files = environment.confinedFileSystem({
    files: [{ place: { kind: 'path', path }, access: 'read' }],
    network: 'restricted',
  });
  await files.getMetadata(path, { followSymlinks: true });
}

/** Refused, or tried and failed; everything else says nothing about sandboxes. */
function saysNo({ code }: RpcError): boolean {
  return code === ErrorCode.invalidRequest || code === ErrorCode.internal;
}
