import { invalidParams } from './errorCodes';

/**
 * Decodes strict, padded, standard base64, as the wire demands it. Node's decoder is lenient (it skips
 * foreign characters and takes the URL alphabet), so what it made is checked by length and last group.
 *
 * @returns the bytes, or `undefined` when the text is not valid.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const length = decodedLength(text);
  if (length === undefined) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return isAll(text, bytes, length) ? bytes : undefined;
}

/** The same into memory that is there. @returns the part of it that was written. */
export function decodeBase64Into(memory: Buffer, text: string): Buffer | undefined {
  const length = decodedLength(text);
  if (length === undefined || length > memory.length) return undefined;
  const bytes = memory.subarray(0, memory.write(text, 'base64'));
  return isAll(text, bytes, length) ? bytes : undefined;
}

/** The same for a request member: anything else is the caller's fault. */
export function requireBase64(text: string, member: string): Buffer {
  const bytes = decodeBase64(text);
  if (bytes === undefined) throw invalidParams(`${member} is not valid base64`);
  return bytes;
}

/** What a text decodes to if all its characters are base64. */
function decodedLength(text: string): number | undefined {
  if (text.length % 4 !== 0) return undefined;
  if (text.includes('-') || text.includes('_')) return undefined;
  return (text.length / 4) * 3 - paddingOf(text);
}

function paddingOf(text: string): number {
  if (text.endsWith('==')) return 2;
  return text.endsWith('=') ? 1 : 0;
}

function isAll(text: string, bytes: Buffer, length: number): boolean {
  if (bytes.length !== length) return false;
  const padding = paddingOf(text);
  if (padding === 0) return true;
  return text.endsWith(bytes.subarray(length - (3 - padding)).toString('base64'));
}
