import { isAscii } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { JsonLimits, LongStrings } from './jsonScan';
import { findJsonExcess } from './jsonScan';

/**
 * A string of at least this many bytes is taken out of the text before it is parsed. Below, the detour
 * costs more than it saves.
 */
const LONG_STRING_BYTES = 64 * 1024;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;

/** Stands for a string that was taken out; no sender can know it. */
const placeholder = randomUUID();

/** The outcome of reading a JSON text: its value, or what is wrong with it, without quoting it. */
export type ParsedJson = { readonly value: unknown } | { readonly fault: string };

/**
 * Parses a JSON text within bounds. File content comes as one base64 string of many megabytes: the parser
 * would look at it character by character and copy it twice, although all there is to do is to take it
 * over. So long plain strings are made from the bytes directly, and only what is around them is parsed.
 * The one thing a parser would refuse and this does not is a raw control character in such a string; where
 * it matters (base64, paths, program arguments) whoever uses the string refuses it.
 *
 * @param bytes valid UTF-8.
 */
export function parseJson(bytes: Buffer, limits: JsonLimits): ParsedJson {
  const found = new LongPlainStrings(bytes);
  const excess = findJsonExcess(bytes, limits, found);
  if (excess !== undefined) return { fault: excess };
  try {
    if (found.places.length === 0) return { value: JSON.parse(bytes.toString()) };
    return { value: parseAround(bytes, found.places) };
  } catch {
    // The parser's own message quotes the text, which may be anything and go anywhere.
    return { fault: 'invalid JSON' };
  }
}

interface Place {
  readonly start: number;
  readonly end: number;
}

/** Strings of which every byte is a character and stands for itself. */
class LongPlainStrings implements LongStrings {
  readonly minBytes = LONG_STRING_BYTES;
  readonly places: Place[] = [];

  constructor(private readonly bytes: Buffer) {}

  note(start: number, end: number): void {
    // A text that ends within the string is the parser's to refuse; names of members are rarely long.
    if (this.bytes[end - 1] !== QUOTE || this.isName(end)) return;
    const content = this.bytes.subarray(start + 1, end - 1);
    if (isAscii(content) && !content.includes(BACKSLASH)) this.places.push({ start, end });
  }

  private isName(end: number): boolean {
    let next = end;
    while ((this.bytes[next] ?? COLON) <= SPACE) next += 1;
    return this.bytes[next] === COLON;
  }
}

function parseAround(bytes: Buffer, places: readonly Place[]): unknown {
  let text = '';
  let from = 0;
  places.forEach(({ start, end }, index) => {
    text += `${bytes.toString('utf8', from, start)}"${placeholder}${index}"`;
    from = end;
  });
  text += bytes.toString('utf8', from);
  return JSON.parse(text, (_key, value: unknown) => {
    if (typeof value !== 'string' || !value.startsWith(placeholder)) return value;
    const place = places[Number(value.slice(placeholder.length))];
    return place === undefined ? value : bytes.toString('latin1', place.start + 1, place.end - 1);
  });
}
