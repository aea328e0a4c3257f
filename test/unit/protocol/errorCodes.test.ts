import { describe, expect, it } from 'vitest';
import {
  ErrorCode,
  capabilityDisabled,
  fromErrno,
  methodNotFound,
  outsideWriteScope,
  sessionAttachedElsewhere,
  spawnFailed,
  toRpcError,
  unknownSession,
} from '../../../src/protocol/errorCodes';

const systemFailure = (code: string): Error => Object.assign(new Error('node text'), { code });

describe('errors on the wire', () => {
  // Numbers of errno differ between systems; clients have only ever seen these.
  it.skipIf(process.platform !== 'linux').each([
    ['ENOENT', -32004, 'No such file or directory (os error 2)'],
    ['EACCES', -32603, 'Permission denied (os error 13)'],
    ['EEXIST', -32603, 'File exists (os error 17)'],
    ['ENOTDIR', -32603, 'Not a directory (os error 20)'],
    ['EISDIR', -32603, 'Is a directory (os error 21)'],
    ['EROFS', -32603, 'Read-only file system (os error 30)'],
    ['ENOTEMPTY', -32603, 'Directory not empty (os error 39)'],
  ])('say %s in the words of the system', (code, wireCode, message) => {
    expect(toRpcError(systemFailure(code))).toMatchObject({ code: wireCode, message });
    expect(fromErrno(code)).toMatchObject({ code: wireCode, message });
  });

  it.each(['EDQUOT', 'ESTALE', 'ETIMEDOUT'])(
    'give the system’s words for the rare %s too',
    (code) => {
      const { message } = toRpcError(systemFailure(code));
      expect(message).toMatch(/^[A-Z][a-z ]+ \(os error \d+\)$/);
    },
  );

  it('are -32603 for a program that is not there', () => {
    expect(spawnFailed('ENOENT').code).toBe(-32603);
  });

  it('pass through when they are wire errors already', () => {
    const error = unknownSession('x');
    expect(toRpcError(error)).toBe(error);
  });

  it.each([
    new Error('secret'),
    systemFailure('ERR_INTERNAL'),
    'secret',
    undefined,
    systemFailure('toString'),
  ])('keep the text of an unexpected failure to themselves', (thrown) => {
    expect(toRpcError(thrown)).toMatchObject({
      code: -32603,
      message: 'internal error',
      cause: thrown,
    });
  });

  it('have codes of their own where a client branches', () => {
    expect(new Set(Object.values(ErrorCode)).size).toBe(Object.values(ErrorCode).length);
    const errors = [
      methodNotFound('a/b'),
      sessionAttachedElsewhere('s'),
      capabilityDisabled('exec'),
      outsideWriteScope('/etc'),
    ];
    expect(errors.map((error) => error.code)).toEqual([
      ErrorCode.methodNotFound,
      ErrorCode.sessionAttachedElsewhere,
      ErrorCode.capabilityDisabled,
      ErrorCode.outsideWriteScope,
    ]);
  });
});
