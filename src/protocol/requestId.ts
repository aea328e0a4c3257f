const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** An integer id beyond what a JavaScript number holds exactly, kept as the digits its sender wrote. */
export class RawInteger {
  private constructor(readonly text: string) {}

  /** @returns `undefined` for what is no integer of 64 bits with sign. */
  static parse(text: string): RawInteger | undefined {
    // Longer texts are out of range anyway, and must not cost a conversion of millions of digits.
    if (text.length > 20 || !/^-?\d+$/.test(text)) return undefined;
    const value = BigInt(text);
    return value >= MIN_INT64 && value <= MAX_INT64 ? new RawInteger(text) : undefined;
  }
}

/** What a response is matched by: a string, or a 64-bit integer echoed without loss. */
export type RequestId = string | number | RawInteger;

/** An id as JSON text. */
export function idToJson(id: RequestId): string {
  return id instanceof RawInteger ? id.text : JSON.stringify(id);
}
