/** Why `decodeBase64` refused a text, in the measured peer's words. */
export function describeBase64Fault(text: string): string {
  const offset = text.search(/[^A-Za-z0-9+/=]/);
  if (offset === -1) return 'Invalid padding';
  return `Invalid symbol ${text.codePointAt(offset) ?? 0}, offset ${offset}.`;
}
