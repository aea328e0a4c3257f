/** Kinds of images that models and the editor take, by their first bytes, in hexadecimal. */
const SIGNATURES: readonly { readonly mimeType: string; readonly pattern: RegExp }[] = [
  { mimeType: 'image/png', pattern: /^89504e470d0a1a0a/ },
  { mimeType: 'image/jpeg', pattern: /^ffd8ff/ },
  { mimeType: 'image/gif', pattern: /^47494638(?:37|39)61/ },
  { mimeType: 'image/webp', pattern: /^52494646.{8}57454250/ },
];

/** As many bytes as the longest of them. */
const SIGNATURE_BYTES = 12;

/** What kind of image the bytes are, whatever the file is called. */
export function imageMimeType(bytes: Buffer): string | undefined {
  const start = bytes.subarray(0, SIGNATURE_BYTES).toString('hex');
  return SIGNATURES.find(({ pattern }) => pattern.test(start))?.mimeType;
}
