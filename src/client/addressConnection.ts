import { ExecServerError } from '../base/errors';
import { UpgradeRefusedError, connectWebSocket } from '../rpc/connectWebSocket';
import type { AddressEndpoint } from './execServerClient';
import type { ConnectSurroundings, ServerConnection } from './serverConnection';

/** Statuses that mean: not with this token. */
const REFUSED_STATUSES: ReadonlySet<number> = new Set([401, 403]);

/**
 * Connects to an address.
 *
 * @throws ExecServerError `invalidArguments` for an address that cannot be used, `authenticationFailed`
 *   when the token is refused, `connectionClosed` when nobody answers as an exec-server would.
 */
export async function connectAddress(
  { url, token }: AddressEndpoint,
  { limits, clock }: ConnectSurroundings,
): Promise<ServerConnection> {
  refuseUnusable(url, token !== undefined);
  try {
    const transport = await connectWebSocket({
      url,
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      timeoutMs: limits.connectTimeoutMs,
      maxMessageBytes: limits.maxReplyBytes,
      limits,
      clock,
    });
    return {
      transport,
      isResumable: true,
      describeEnd: ({ reason }) =>
        reason === '' ? 'the connection was lost' : `the server closed it: ${reason}`,
      cut: () => {
        transport.dispose();
      },
      gone: new Promise((resolve) => {
        transport.onDidEnd(() => {
          resolve();
        });
      }),
    };
  } catch (error) {
    if (!(error instanceof UpgradeRefusedError) || !REFUSED_STATUSES.has(error.status)) throw error;
    throw new ExecServerError(
      'authenticationFailed',
      `${error.message}; check the token of this exec-server`,
      { cause: error },
    );
  }
}

function refuseUnusable(address: string, hasToken: boolean): void {
  // Not quoted, because a mistyped address may still hold a token.
  if (!URL.canParse(address)) throw unusable('it is no URL');
  const { protocol, hostname, searchParams, username } = new URL(address);
  if (protocol !== 'ws:' && protocol !== 'wss:')
    throw unusable('it must begin with ws:// or wss://');
  const isSecret = hasToken || searchParams.has('token') || username !== '';
  if (protocol === 'wss:' || !isSecret || isLoopback(hostname)) return;
  throw unusable(
    `a token would go to ${hostname} unencrypted. Use wss://, or an SSH tunnel and ws://127.0.0.1`,
  );
}

const unusable = (reason: string): ExecServerError =>
  new ExecServerError('invalidArguments', `Failed to use the address of an exec-server: ${reason}`);

/** Names and addresses that never leave this machine. */
function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127\.\d+\.\d+\.\d+$/.test(hostname)
  );
}
