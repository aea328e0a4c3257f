import type { Limits } from '../base/limits';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
/** Space, tab, line feed and carriage return are all the white space of JSON, and all at or below this. */
const SPACE = 0x20;

/**
 * Bytes of a string looked at one by one before the rest is searched natively: short strings are
 * cheaper without that call, and a string full of escaped quotes must not cost one call each.
 */
const BYTES_BEFORE_SEARCH = 48;

/** The part of the limits that bounds what a JSON text may expand to. */
export type JsonLimits = Pick<Limits, 'maxJsonValues' | 'maxJsonDepth'>;

/** Is told where the long strings of a text are, since the scan comes by there. */
export interface LongStrings {
  readonly minBytes: number;
  /** The offsets of the opening quote and behind the closing one. */
  note(start: number, end: number): void;
}

/**
 * Bounds a JSON text before it is parsed: how many values it holds and how deep they are nested. It takes
 * the text for valid; what is not JSON is the parser's to refuse.
 *
 * @returns what is too much, or `undefined`.
 */
export function findJsonExcess(
  bytes: Buffer,
  limits: JsonLimits,
  longStrings?: LongStrings,
): string | undefined {
  let depth = 0;
  let containers = 0;
  let scalars = 0;
  // Each names a member, so the string before it is no value.
  let colons = 0;
  const end = bytes.length;
  let at = 0;
  while (at < end) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) {
      scalars += 1;
      const open = at;
      at = endOfString(bytes, at);
      if (longStrings !== undefined && at - open > longStrings.minBytes) {
        longStrings.note(open, at);
      }
      continue;
    }
    at += 1;
    if (byte <= SPACE || byte === COMMA) continue;
    if (byte === COLON) {
      colons += 1;
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      containers += 1;
      depth += 1;
      if (depth > limits.maxJsonDepth) {
        return `JSON-RPC message exceeds the limit of ${limits.maxJsonDepth} nesting levels`;
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
    } else {
      scalars += 1;
      at = endOfToken(bytes, at);
    }
  }
  return containers + scalars - colons > limits.maxJsonValues
    ? `JSON-RPC message exceeds the limit of ${limits.maxJsonValues} JSON values`
    : undefined;
}

/**
 * The text of a scalar member of the outermost object, as it was written; of several the last, as for
 * `JSON.parse`. The bytes must be valid JSON.
 */
export function findTopLevelScalar(bytes: Buffer, member: string): string | undefined {
  let found: string | undefined;
  let key: string | undefined;
  let depth = 0;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at] ?? 0;
    const start = at;
    if (byte === QUOTE) {
      at = endOfString(bytes, at);
      if (depth === 1 && key === undefined) key = unquote(bytes.toString('utf8', start, at));
      continue;
    }
    at += 1;
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      depth += 1;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth -= 1;
    } else if (byte === COMMA) {
      if (depth === 1) key = undefined;
    } else if (byte > SPACE && byte !== COLON) {
      at = endOfToken(bytes, at);
      if (depth === 1 && key === member) found = bytes.toString('latin1', start, at);
    }
  }
  return found;
}

/** A name may be written with escapes. */
function unquote(text: string): string {
  return text.includes('\\') ? String(JSON.parse(text)) : text.slice(1, -1);
}

/** From the opening quote to behind the closing one, or to the end of a text that lacks it. */
function endOfString(bytes: Buffer, open: number): number {
  let at = open + 1;
  for (;;) {
    const searchFrom = Math.min(at + BYTES_BEFORE_SEARCH, bytes.length);
    for (; at < searchFrom; at += 1) {
      const byte = bytes[at];
      if (byte === QUOTE) return at + 1;
      if (byte === BACKSLASH) at += 1;
    }
    if (at >= bytes.length) return bytes.length;
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1) return bytes.length;
    if (!isEscaped(bytes, at, quote)) return quote + 1;
    at = quote + 1;
  }
}

/** Whether an odd number of backslashes stands before a byte. Those before `from` are accounted for. */
function isEscaped(bytes: Buffer, from: number, at: number): boolean {
  let first = at;
  while (first > from && bytes[first - 1] === BACKSLASH) first -= 1;
  return (at - first) % 2 === 1;
}

function endOfToken(bytes: Buffer, start: number): number {
  let at = start;
  for (; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    const ends =
      byte <= SPACE ||
      byte === COMMA ||
      byte === COLON ||
      byte === QUOTE ||
      byte === CLOSE_BRACE ||
      byte === CLOSE_BRACKET ||
      byte === OPEN_BRACE ||
      byte === OPEN_BRACKET;
    if (ends) break;
  }
  return at;
}
