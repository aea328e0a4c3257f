import { constants as osConstants } from 'node:os';
import { getSystemErrorMap } from 'node:util';
import { errnoCodeOf } from '../base/errors';

/** Numeric codes on the wire. The first six are the measured peer's; those from −32012 down are ours. */
export const ErrorCode = {
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  notFound: -32004,
  sessionAttachedElsewhere: -32010,
  /** The user switched the environment, or this capability of it, off, or the place does not have it. */
  capabilityDisabled: -32012,
  /** A bound of `limits.ts` is reached; the message names it. */
  limitReached: -32013,
  /** A write outside the folders that `execServer.filesystem.writeScope` allows. */
  outsideWriteScope: -32014,
  /** The exec-server that the user chose as environment cannot be reached. */
  environmentUnreachable: -32015,
} as const;

export type ErrorCode = (typeof ErrorCode)[keyof typeof ErrorCode];

/** A failure that crosses the wire as it is. Make one through the factories below. */
export class RpcError extends Error {
  constructor(
    readonly code: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'RpcError';
  }
}

export const invalidRequest = (message: string): RpcError =>
  new RpcError(ErrorCode.invalidRequest, message);

export const invalidParams = (message: string): RpcError =>
  new RpcError(ErrorCode.invalidParams, message);

/** Longest part of a caller's method name that is given back. */
const MAX_METHOD_LENGTH = 80;

export const methodNotFound = (method: string): RpcError =>
  new RpcError(
    ErrorCode.methodNotFound,
    `exec-server does not implement \`${method.slice(0, MAX_METHOD_LENGTH)}\``,
  );

export const unknownProcess = (processId: string): RpcError =>
  invalidRequest(`unknown process id ${processId}`);

export const unknownFileHandle = (handleId: string): RpcError =>
  new RpcError(ErrorCode.notFound, `unknown file handle \`${handleId}\``);

export const unknownSession = (sessionId: string): RpcError =>
  invalidRequest(`unknown session id ${sessionId}`);

export const sessionAttachedElsewhere = (sessionId: string): RpcError =>
  new RpcError(
    ErrorCode.sessionAttachedElsewhere,
    `session ${sessionId} is already attached to another connection`,
  );

/** What a capability is off by. */
const disabledReasons = {
  mode: () => 'the user switched Exec Server off',
  settings: (capability: string) =>
    `the user switched it off (setting execServer.capabilities.${capability})`,
  remote: () => 'the remote environment does not offer it',
} as const;

/** @param capability `exec`, `filesystem` or, with `mode` only, `the environment`. */
export const capabilityDisabled = (
  capability: string,
  by: keyof typeof disabledReasons = 'mode',
): RpcError =>
  new RpcError(
    ErrorCode.capabilityDisabled,
    `${capability} is disabled: ${disabledReasons[by](capability)}`,
  );

export const limitReached = (what: string, limit: number): RpcError =>
  new RpcError(ErrorCode.limitReached, `limit reached: at most ${limit} ${what}`);

export const outsideWriteScope = (path: string): RpcError =>
  new RpcError(
    ErrorCode.outsideWriteScope,
    `refused to write ${path}: it is outside the workspace folders and the temporary directory (setting execServer.filesystem.writeScope)`,
  );

/** What was under way in a place ends with it. */
export const environmentChanged = (): RpcError =>
  new RpcError(ErrorCode.internal, 'the user has changed the environment');

/** Characters of a reason: one that comes from remote to remote, and back, would grow with each. */
const MAX_REASON_LENGTH = 400;

/** @param name the user's name for it, where that is known. */
export const environmentUnreachable = (name: string | undefined, reason: string): RpcError =>
  new RpcError(
    ErrorCode.environmentUnreachable,
    `the remote environment${name === undefined ? '' : ` ${name}`} cannot be reached: ${shortened(reason)}`,
  );

function shortened(text: string): string {
  return text.length > MAX_REASON_LENGTH ? `${text.slice(0, MAX_REASON_LENGTH)}…` : text;
}

/** Anything thrown, as it leaves on the wire. An unexpected failure keeps its text to itself. */
export function toRpcError(thrown: unknown): RpcError {
  if (thrown instanceof RpcError) return thrown;
  const systemCode = systemCodeOf(thrown);
  if (systemCode !== undefined) return fromErrno(systemCode);
  return new RpcError(ErrorCode.internal, 'internal error', { cause: thrown });
}

/** Whether a failure is a mistake of this program: neither an answer of ours nor a refusal of the system. */
export function isUnforeseen(thrown: unknown): boolean {
  return !(thrown instanceof RpcError) && systemCodeOf(thrown) === undefined;
}

function systemCodeOf(thrown: unknown): string | undefined {
  const code = errnoCodeOf(thrown);
  return code !== undefined && Object.hasOwn(errnoNumbers, code) ? code : undefined;
}

/** A system error in the peer's words: `<strerror> (os error <errno>)`. */
export function systemErrorText(code: string): string {
  const text = systemErrorTexts[code] ?? describeRareError(code);
  const number = errnoNumbers[code];
  return number === undefined ? text : `${text} (os error ${number})`;
}

/** As `fs/*` answers it: absent is −32004, everything else −32603. */
export function fromErrno(code: string): RpcError {
  const wireCode = code === 'ENOENT' ? ErrorCode.notFound : ErrorCode.internal;
  return new RpcError(wireCode, systemErrorText(code));
}

/** As `process/start` answers it: a missing program is −32603 too. */
export function spawnFailed(code: string): RpcError {
  return new RpcError(ErrorCode.internal, systemErrorText(code));
}

const errnoNumbers: Readonly<Record<string, number>> = { ...osConstants.errno };

/** Node's own wording, for what the table below does not name. */
function describeRareError(code: string): string {
  for (const [name, text] of getSystemErrorMap().values()) {
    if (name === code) return text.charAt(0).toUpperCase() + text.slice(1);
  }
  return code;
}

/** strerror(3) in the C locale; Node gives its own wording, which clients have never seen. */
const systemErrorTexts: Readonly<Record<string, string>> = {
  E2BIG: 'Argument list too long',
  EACCES: 'Permission denied',
  EAGAIN: 'Resource temporarily unavailable',
  EBADF: 'Bad file descriptor',
  EBUSY: 'Device or resource busy',
  EDQUOT: 'Disk quota exceeded',
  EEXIST: 'File exists',
  EFBIG: 'File too large',
  EINVAL: 'Invalid argument',
  EIO: 'Input/output error',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  EMFILE: 'Too many open files',
  EMLINK: 'Too many links',
  ENAMETOOLONG: 'File name too long',
  ENFILE: 'Too many open files in system',
  ENODEV: 'No such device',
  ENOENT: 'No such file or directory',
  ENOEXEC: 'Exec format error',
  ENOMEM: 'Cannot allocate memory',
  ENOSPC: 'No space left on device',
  ENOTDIR: 'Not a directory',
  ENOTEMPTY: 'Directory not empty',
  ENOTSUP: 'Operation not supported',
  ENXIO: 'No such device or address',
  EPERM: 'Operation not permitted',
  EPIPE: 'Broken pipe',
  EROFS: 'Read-only file system',
  ESTALE: 'Stale file handle',
  ETIMEDOUT: 'Connection timed out',
  ETXTBSY: 'Text file busy',
  EXDEV: 'Invalid cross-device link',
};
