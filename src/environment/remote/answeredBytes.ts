import { ExecServerError } from '../../base/errors';
import { decodeBase64 } from '../../protocol/base64';

/**
 * The bytes of an answer.
 *
 * @throws ExecServerError `protocolViolation`
 */
export function bytesOfAnswer(base64: string): Buffer {
  const bytes = decodeBase64(base64);
  if (bytes !== undefined) return bytes;
  throw new ExecServerError('protocolViolation', 'Failed to read a reply: it is no base64');
}
