import type { Clock } from '../base/clock';
import { wakefulClock } from '../base/clock';
import { ExecServerError } from '../base/errors';
import type { Limits } from '../base/limits';
import { defaultLimits } from '../base/limits';
import type { Logger } from '../base/logger';
import { nullLogger } from '../base/logger';
import { withinTime } from '../base/withinTime';
import type { EnvironmentInfoResponse } from '../protocol/environmentMessages';
import { ErrorCode, RpcError } from '../protocol/errorCodes';
import type { Attachment } from './attachment';
import { attach } from './attachment';
import { connectEndpoint } from './connectEndpoint';
import type { ExecServerClient, ExecServerEndpoint, ServerFacts } from './execServerClient';
import type { Connect, ConnectSurroundings } from './serverConnection';
import type { SessionBeginning } from './sessionClient';
import { SessionClient } from './sessionClient';

export interface ConnectExecServerOptions {
  readonly endpoint: ExecServerEndpoint;
  /** Names this client where the server shows its sessions. */
  readonly clientName: string;
  /** A session to take up, of which the caller knows the processes. Absent: begins one. */
  readonly resumeSessionId?: string | undefined;
  /** Absent: nothing is logged. */
  readonly logger?: Logger | undefined;
  /** Absent: one that keeps the program alive while the connection is being recovered. */
  readonly clock?: Clock | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** How connections are made. */
  readonly connect?: Connect | undefined;
  /** 0 to 1; spreads attempts to reconnect. */
  readonly jitter?: (() => number) | undefined;
}

/**
 * Connects to an exec-server and begins a session there.
 *
 * @throws ExecServerError `invalidArguments` for an endpoint that cannot be used, `authenticationFailed`,
 *   `connectionClosed`, `handshakeFailed` or `protocolViolation`; RpcError as answered.
 */
export async function connectExecServer(
  options: ConnectExecServerOptions,
): Promise<ExecServerClient> {
  const { endpoint, clientName, resumeSessionId } = options;
  const { logger = nullLogger, clock = wakefulClock, connect = connectEndpoint } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const surroundings = { limits, clock, logger };
  const connection = await connect(endpoint, surroundings);
  const { jitter = Math.random } = options;
  const attachment = await attach(connection, {
    clientName,
    resumeSessionId,
    // A program may have to look for its host before it can say anything.
    timeoutMs: 'program' in endpoint ? limits.programConnectTimeoutMs : limits.initializeTimeoutMs,
    limits,
    clock,
    listen: () => undefined,
  });
  try {
    const beginning = await beginningOf(attachment, surroundings);
    // Whoever listens from here on would not hear of an end that was before.
    if (!connection.transport.isOpen) throw endedAtOnce();
    return new SessionClient(
      { ...surroundings, endpoint, clientName, connect, jitter },
      attachment,
      beginning,
    );
  } catch (error) {
    connection.cut();
    throw error;
  }
}

const endedAtOnce = (): ExecServerError =>
  new ExecServerError(
    'connectionClosed',
    'Failed to begin a session: the connection was lost as soon as it had begun',
  );

async function beginningOf(
  attachment: Attachment,
  { limits, clock }: ConnectSurroundings,
): Promise<SessionBeginning> {
  const { environmentInfo: told, binaryOutput } = attachment.reply;
  const { initializeTimeoutMs } = limits;
  const environmentInfo =
    told ??
    (await withinTime(
      askForEnvironment(attachment),
      clock,
      initializeTimeoutMs,
      () =>
        new ExecServerError(
          'handshakeFailed',
          `Failed to begin a session: the server did not tell about itself within ${initializeTimeoutMs} ms`,
        ),
    ));
  // Ours leaves the facts out while it cannot reach the place itself, but is not an early release.
  const isLater =
    told !== undefined || binaryOutput === true || environmentInfo.capabilities !== undefined;
  const facts: ServerFacts = {
    sentEnvironmentInfo: isLater,
    repeatsWritesSafely: isLater,
    countsEnds: isLater,
  };
  return { environmentInfo, facts };
}

async function askForEnvironment({ peer }: Attachment): Promise<EnvironmentInfoResponse> {
  try {
    return await peer.request('environment/info', null);
  } catch (error) {
    const isUnknown = error instanceof RpcError && error.code === ErrorCode.methodNotFound;
    if (!isUnknown) throw error;
    // Releases up to 0.131 cannot tell; their own client assumes the same.
    return { shell: { name: 'bash', path: '/bin/bash' } };
  }
}
