/**
 * The sequences that only draw. Everything that makes a terminal answer (DA, DSR, DECRQM, XTVERSION,
 * kitty keyboard queries), acts on the window (`CSI t`), prints (`CSI i`) or sends reports unasked
 * (focus, colour scheme, size) is absent on purpose.
 */

/** Cursor, erase, insert, scroll, tabs, repeat, margins, SGR, insert and newline mode, save and restore. */
const PLAIN_FINALS = new Set('@ABCDEFGHIJKLMPSTXZ`abdefghlmrsu');

/** DEC private erase: `CSI ? J`, `CSI ? K`. */
const PRIVATE_FINALS = new Set('JK');

/** Intermediates with their finals: cursor style, character protection, soft reset, column scrolling. */
const WITH_INTERMEDIATE = new Set([' q', '"q', '!p', ' @', ' A', "'}", "'~"]);

/**
 * DEC private modes that change drawing or how the keys and the mouse of a person are encoded. Absent:
 * 1004 (focus), 2031 (colour scheme), 2048 (size), which report by themselves, and 9001 (raw key events).
 */
const PRIVATE_MODES = new Set([
  1, 5, 6, 7, 9, 12, 25, 45, 47, 66, 1000, 1002, 1003, 1005, 1006, 1007, 1015, 1016, 1047, 1048,
  1049, 2004, 2026,
]);

/** Larger counts mean "all of it"; a huge one would make the terminal loop or allocate. */
const MAX_PARAMETER = 9999;

/** `CSI`, then prefix, parameters, intermediates, final: the sequence in its 7-bit form if it only draws. */
export function allowedControlSequence(body: string): string | undefined {
  const parts = /^([<=>?]?)([\d;:]*)([ -/]*)([@-~])$/.exec(body);
  if (parts === null) return undefined;
  const [, prefix = '', parameters = '', intermediates = '', final = ''] = parts;
  if (prefix === '?' && intermediates === '' && (final === 'h' || final === 'l')) {
    return privateModes(parameters, final);
  }
  return isAllowed(prefix, intermediates, final)
    ? `\u001b[${prefix}${clampParameters(parameters)}${intermediates}${final}`
    : undefined;
}

/** What follows `ESC`: save and restore, keypad modes, index, tab stop, reset, character sets, alignment test. */
export function allowedEscape(body: string): string | undefined {
  return /^(?:[78=>DEHMc]|[()*+][0-9A-Za-z<>=]|#[3-68])$/.test(body) ? `\u001b${body}` : undefined;
}

function isAllowed(prefix: string, intermediates: string, final: string): boolean {
  if (prefix === '') {
    return intermediates === ''
      ? PLAIN_FINALS.has(final)
      : WITH_INTERMEDIATE.has(intermediates + final);
  }
  return prefix === '?' && intermediates === '' && PRIVATE_FINALS.has(final);
}

function privateModes(parameters: string, final: string): string | undefined {
  const kept = parameters.split(';').filter((mode) => PRIVATE_MODES.has(Number(mode)));
  return kept.length === 0 ? undefined : `\u001b[?${kept.map(Number).join(';')}${final}`;
}

function clampParameters(parameters: string): string {
  return parameters.replace(/\d{4,}/g, (digits) => String(Math.min(Number(digits), MAX_PARAMETER)));
}
