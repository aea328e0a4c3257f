/** WebSocket close codes this server uses, each with one meaning. */
export const CloseCode = {
  normal: 1000,
  /** The server is shutting down or was switched off. */
  goingAway: 1001,
  /** The other end broke the protocol; the reason says how. */
  protocolError: 1002,
  /** The connection may not go on: its token was replaced, or its session taken over. */
  policyViolation: 1008,
  /** A message was larger than this server takes; the reason names the limit. */
  tooLarge: 1009,
  /** Gone without a close frame; never sent. */
  abnormal: 1006,
} as const;

/** A close frame carries at most 125 bytes, two of them the code (RFC 6455, 5.5). */
const MAX_REASON_BYTES = 123;

export const tooLargeReason = (maxMessageBytes: number): string =>
  `a message may have at most ${maxMessageBytes} bytes`;

/** A reason that fits its frame, cut at a character. */
export function closeReason(text: string): string {
  // No character is shorter than a byte. The text may be a caller's, and as long as a message may be.
  const characters = Array.from(text.slice(0, MAX_REASON_BYTES));
  while (Buffer.byteLength(characters.join('')) > MAX_REASON_BYTES) characters.pop();
  return characters.join('');
}
