/*
 * What programs outside this project may use. The build makes one script and one file of types of it, so
 * that whoever uses them needs nothing else.
 */
import { createLogger } from '../base/logger';
import { connectExecServer as connect } from './connectExecServer';
import type { ExecServerClient, ExecServerEndpoint } from './execServerClient';

export { ExecServerError } from '../base/errors';
export { RpcError } from '../protocol/errorCodes';

export interface ConnectExecServerOptions {
  readonly endpoint: ExecServerEndpoint;
  /** Names this client where the server shows its sessions. */
  readonly clientName: string;
  /** A session to take up, of which the caller knows the processes. Absent: begins one. */
  readonly resumeSessionId?: string;
  /** Receives finished lines of log, without tokens. Absent: nothing is logged. */
  readonly log?: (level: 'trace' | 'debug' | 'info' | 'warn' | 'error', line: string) => void;
}

/**
 * Connects to an exec-server and begins a session there.
 *
 * @throws ExecServerError `invalidArguments` for an endpoint that cannot be used, `authenticationFailed`,
 *   `connectionClosed`, `handshakeFailed` or `protocolViolation`; RpcError as answered.
 */
export function connectExecServer(options: ConnectExecServerOptions): Promise<ExecServerClient> {
  const { endpoint, clientName, resumeSessionId, log } = options;
  const logger = log === undefined ? undefined : createLogger(log);
  return connect({ endpoint, clientName, resumeSessionId, logger });
}
