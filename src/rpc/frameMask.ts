/*
 * What `ws` asks the optional package `bufferutil` for. That package is native code; these do the same
 * four bytes at a time, which is several times as fast as the library's own loop over single bytes. The
 * build puts this file in the package's place.
 */

/** Bytes of a mask, and of the words it is applied by. */
const WORD_BYTES = 4;

/** Shorter payloads are done byte by byte, in the time it takes to set words up. */
const SHORT_BYTES = 384;

/** Removes a frame's mask from its payload, in place. */
export function unmask(payload: Buffer, mask: Buffer): void {
  if (payload.length < SHORT_BYTES) {
    applyBytes(payload, 0, payload.length, mask);
    return;
  }
  const toAlignment = (WORD_BYTES - (payload.byteOffset % WORD_BYTES)) % WORD_BYTES;
  const head = Math.min(toAlignment, payload.length);
  applyBytes(payload, 0, head, mask);
  if (head === payload.length) return;
  const words = Math.floor((payload.length - head) / WORD_BYTES);
  const view = new Uint32Array(payload.buffer, payload.byteOffset + head, words);
  // The mask as the machine reads it at this place, whatever its byte order.
  const turned = Uint8Array.from({ length: WORD_BYTES }, (_, at) => maskByte(mask, head + at));
  const [key = 0] = new Uint32Array(turned.buffer);
  for (let at = 0; at < words; at += 1) view[at] = (view[at] ?? 0) ^ key;
  applyBytes(payload, head + words * WORD_BYTES, payload.length, mask);
}

/** Copies `length` bytes of `source` to `output` at `offset`, masked. */
export function mask(
  source: Buffer,
  key: Buffer,
  output: Buffer,
  offset: number,
  length: number,
): void {
  source.copy(output, offset, 0, length);
  unmask(output.subarray(offset, offset + length), key);
}

function applyBytes(payload: Buffer, from: number, to: number, mask: Buffer): void {
  for (let at = from; at < to; at += 1) payload[at] = (payload[at] ?? 0) ^ maskByte(mask, at);
}

function maskByte(mask: Buffer, at: number): number {
  return mask[at % WORD_BYTES] ?? 0;
}
