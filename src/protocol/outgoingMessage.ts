/**
 * A message that writes itself into memory it is given. Its bytes are made once, where they leave from,
 * and never exist as a string of their own. Whoever takes it writes it in the same turn, unless it has
 * `pieces`: what it is made of may not last.
 */
export interface EncodedMessage {
  /** Not text: `writeTo` writes bytes of any kind. */
  readonly isBinary?: true;
  /** What `writeTo` will write. */
  readonly byteLength: number;
  /** Writes the message, as UTF-8 unless it is binary, at `offset` and returns the offset behind it. */
  writeTo(target: Buffer, offset: number): number;
  /** The same piece by piece, for one too large to be made at once. None of them is empty. */
  pieces?(): Iterator<Buffer>;
}

/** One message on its way out: its text, or something that makes it. */
export type OutgoingMessage = string | EncodedMessage;

/** The bytes of a message, for a transport that has no memory of its own to write it into. */
export function bytesOfMessage(message: OutgoingMessage): Buffer {
  if (typeof message === 'string') return Buffer.from(message);
  const bytes = Buffer.allocUnsafeSlow(message.byteLength);
  return bytes.subarray(0, message.writeTo(bytes, 0));
}
