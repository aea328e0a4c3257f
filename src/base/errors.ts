/** Reasons for a local failure; these never cross the wire. Wire errors are `RpcError` in `protocol`. */
export type ExecServerErrorCode =
  | 'connectionClosed'
  | 'authenticationFailed'
  | 'handshakeFailed'
  | 'requestTimedOut'
  | 'protocolViolation'
  | 'readerTooSlow'
  | 'invalidArguments'
  | 'inconsistentArguments'
  | 'executorStartFailed'
  | 'listenFailed'
  | 'stateFileUnusable'
  | 'toolFailed';

/** A failure with a stable `code` to branch on and a message of the shape `Failed to <verb> <target>: <reason>`. */
export class ExecServerError extends Error {
  constructor(
    readonly code: ExecServerErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'ExecServerError';
  }
}

/** Whatever was thrown, as an `Error`. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** The system error code (`ENOENT`, …) of a thrown value, if it carries one. */
export function errnoCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}
