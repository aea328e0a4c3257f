/** What a line of the reply counts against its limit besides the path, as the measured peer counts. */
const LINE_OVERHEAD_BYTES = 64;

/** Bytes that an entry, or an error with its message, takes of the reply. */
export function walkReplyBytes(text: string): number {
  return text.length + LINE_OVERHEAD_BYTES;
}
