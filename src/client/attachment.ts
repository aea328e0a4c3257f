import { ExecServerError } from '../base/errors';
import type { InitializeResponse } from '../protocol/initializeMessages';
import { requests } from '../protocol/methods';
import { CloseCode } from '../rpc/closeCodes';
import { RpcPeer } from '../rpc/rpcPeer';
import type { TransportEnd } from '../rpc/transport';
import type { ConnectSurroundings, ServerConnection } from './serverConnection';

export type ServerPeer = RpcPeer<typeof requests>;

/** A connection that a session is bound to. */
export interface Attachment {
  readonly connection: ServerConnection;
  readonly peer: ServerPeer;
  readonly reply: InitializeResponse;
}

export interface AttachOptions extends Pick<ConnectSurroundings, 'limits' | 'clock'> {
  readonly clientName: string;
  /** Absent: begins a session. */
  readonly resumeSessionId: string | undefined;
  /** Bound of the answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Events may come before the answer: whoever wants them subscribes here. */
  readonly listen: (peer: ServerPeer) => void;
}

/**
 * Makes the handshake. The connection is cut when it fails.
 *
 * @throws RpcError as answered; ExecServerError `connectionClosed`, `handshakeFailed` or
 *   `protocolViolation`.
 */
export async function attach(
  connection: ServerConnection,
  { clientName, resumeSessionId, timeoutMs, listen, limits, clock }: AttachOptions,
): Promise<Attachment> {
  const { transport } = connection;
  const peer = new RpcPeer(transport, requests, {
    maxJsonValues: limits.maxReplyJsonValues,
    maxJsonDepth: limits.maxJsonDepth,
  });
  let failure: Promise<ExecServerError> | undefined;
  peer.onDidClose((end) => {
    // Our own cut has its reason already.
    failure ??= describeFailure(connection, end);
  });
  listen(peer);
  const timeout = clock.schedule(() => {
    failure = Promise.resolve(
      new ExecServerError(
        'handshakeFailed',
        `Failed to begin a session: the server did not answer within ${timeoutMs} ms`,
      ),
    );
    connection.cut();
  }, timeoutMs);
  try {
    const reply = await peer.request('initialize', {
      clientName,
      resumeSessionId: resumeSessionId ?? null,
      binaryOutput: true,
    });
    peer.notify('initialized', {});
    return { connection, peer, reply };
  } catch (error) {
    connection.cut();
    // A connection that went away says less than what is known of why.
    if (isConnectionClosed(error) && failure !== undefined) throw await failure;
    throw error;
  } finally {
    timeout.dispose();
  }
}

async function describeFailure(
  connection: ServerConnection,
  end: TransportEnd,
): Promise<ExecServerError> {
  const begin = 'Failed to begin a session';
  return end.code === CloseCode.protocolError
    ? new ExecServerError('protocolViolation', `${begin}: what answers is no exec-server`)
    : new ExecServerError('connectionClosed', `${begin}: ${await connection.describeEnd(end)}`);
}

export function isConnectionClosed(error: unknown): boolean {
  return error instanceof ExecServerError && error.code === 'connectionClosed';
}
