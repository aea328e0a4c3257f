/** Punctuation that models write in its plain form. */
const PLAIN_PUNCTUATION: readonly (readonly [RegExp, string])[] = [
  [/[\u2010-\u2015\u2212]/g, '-'],
  [/[\u2018-\u201b]/g, "'"],
  [/[\u201c-\u201f]/g, '"'],
  [/[\u00a0\u2002-\u200a\u202f\u205f\u3000]/g, ' '],
];

/** Ways to compare two lines, the strictest first: a looser one counts only where no stricter one fits. */
const READINGS: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line.trimEnd(),
  (line) => line.trim(),
  (line) =>
    PLAIN_PUNCTUATION.reduce((text, [from, to]) => text.replace(from, to), line.trim()).trim(),
];

/**
 * Where lines follow each other in a file, at or after `start`.
 *
 * @returns the index of the first of them.
 */
export function findLines(
  lines: readonly string[],
  wanted: readonly string[],
  options: { readonly start: number; readonly isAtEnd: boolean },
): number | undefined {
  const last = lines.length - wanted.length;
  const start = options.isAtEnd ? Math.max(options.start, last) : options.start;
  for (const read of READINGS) {
    const readWanted = wanted.map(read);
    for (let index = start; index <= last; index++) {
      const isHere = readWanted.every((text, offset) => read(lines[index + offset] ?? '') === text);
      if (isHere) return index;
    }
  }
  return undefined;
}
