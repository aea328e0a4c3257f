import { invalidParams } from './errorCodes';

/**
 * Decodes strict, padded, standard base64, as the wire demands it. Node's decoder is lenient (it skips
 * foreign characters and takes the URL alphabet), so what it made is checked by length and last group.
 *
 * @returns the bytes, or `undefined` when the text is not valid.
 */
export function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0) return undefined;
  if (text.includes('-') || text.includes('_')) return undefined;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== (text.length / 4) * 3 - padding) return undefined;
  if (padding > 0) {
    const lastGroup = bytes.subarray(bytes.length - (3 - padding)).toString('base64');
    if (!text.endsWith(lastGroup)) return undefined;
  }
  return bytes;
}

/** The same for a request member: anything else is the caller's fault. */
export function requireBase64(text: string, member: string): Buffer {
  const bytes = decodeBase64(text);
  if (bytes === undefined) throw invalidParams(`${member} is not valid base64`);
  return bytes;
}
