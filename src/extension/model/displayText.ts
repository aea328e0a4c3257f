/** Longest text of one label; a tree row or a status entry shows less. */
const DEFAULT_MAX_CHARS = 120;

/** Text beyond this is cut before it is cleaned, so that a huge argument costs nothing. */
const MAX_INPUT_CHARS = 8192;

/** Marks a line break that was taken out, so that a second line of a command stays noticed. */
const LINE_BREAK_MARK = ' ⏎ ';

/**
 * Text of an agent as one line a person can trust: no control characters, nothing that changes the
 * reading direction or hides text, nothing the editor would draw as an icon, and of bounded length.
 */
export function displayText(text: string, maxChars = DEFAULT_MAX_CHARS): string {
  return cap(breakIconSyntax(stripHidden(text.slice(0, MAX_INPUT_CHARS))), maxChars);
}

/** Whether text contains what a person would not see, or would see as something else. */
export function hasHiddenText(text: string): boolean {
  return LINE_BREAK.test(text) || HIDDEN.test(text);
}

/**
 * The same text with every character in sight: those a person would not see stand as `\u{…}`. Line breaks
 * and tabs stay, for a place that shows several lines.
 */
export function revealHidden(text: string): string {
  const escaped = (char: string): string => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`;
  return text
    .replace(ALL_HIDDEN, (char) => (char === '\n' || char === '\t' ? char : escaped(char)))
    .replace(/[\u2028\u2029]/g, escaped);
}

const LINE_BREAK = /[\n\r\v\f\u0085\u2028\u2029]/u;
/**
 * Controls and formats (C0, C1, bidirectional marks, zero-width characters, tags), private use, lone
 * surrogates, letters that draw nothing, and variation selectors, which can carry hidden data.
 */
const HIDDEN =
  /\p{Cc}|\p{Cf}|\p{Co}|\p{Cs}|\u034f|[\u115f\u1160\u2800\u3164\uffa0]|\u17b4|\u17b5|\p{Variation_Selector}/u;
const ALL_HIDDEN = new RegExp(HIDDEN, 'gu');

function stripHidden(text: string): string {
  return (
    text
      .replace(/\p{Cs}/gu, '\ufffd')
      .replace(/\s*(?:\r\n|[\n\r\v\f\u0085\u2028\u2029])\s*/gu, LINE_BREAK_MARK)
      .replace(/\t/g, ' ')
      .replace(ALL_HIDDEN, '')
      // Piled-up accents would cover the rows above and below.
      .replace(/(\p{M}{3})\p{M}+/gu, '$1')
      .replace(/\s+/gu, ' ')
      .trim()
  );
}

/** `$(trash)` would be drawn as an icon in many places; a space between keeps it readable as text. */
function breakIconSyntax(text: string): string {
  return text.replace(/\$\((?=[\w~-]+\))/g, '$ (');
}

function cap(text: string, maxChars: number): string {
  const characters = Array.from(text);
  if (characters.length <= maxChars) return text;
  return `${characters.slice(0, maxChars - 1).join('')}…`;
}
