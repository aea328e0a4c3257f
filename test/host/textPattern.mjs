/**
 * How a text on the page is named: a string is the whole text, a pattern any part of it.
 *
 * @typedef {string | RegExp} TextPattern
 */

/**
 * @param {TextPattern} text
 * @returns {RegExp}
 */
export function toPattern(text) {
  if (typeof text !== 'string') {
    return text;
  }
  return new RegExp(`^\\s*${text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')}\\s*$`);
}

/**
 * The page uses no-break spaces where a run of spaces must be seen.
 *
 * @param {string} text
 * @returns {string}
 */
export function plainSpaces(text) {
  return text.replaceAll('\u00a0', ' ');
}
