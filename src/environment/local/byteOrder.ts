/** Surrogates stand before the last characters of the basic plane in UTF-16 and behind them in UTF-8. */
const FIRST_SURROGATE = 0xd800;
const LAST_SURROGATE = 0xdfff;

const beyondSurrogates = /[\ud800-\uffff]/;

/** Sorts names by the bytes of their UTF-8 form. */
export function sortByBytes(names: string[]): void {
  // The default order is that of UTF-16 units, which is the same but for rare characters, and much faster.
  if (names.some((name) => beyondSurrogates.test(name))) names.sort(compareBytes);
  else names.sort();
}

function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index += 1) {
    const unitA = a.charCodeAt(index);
    const unitB = b.charCodeAt(index);
    if (unitA !== unitB) return rankOf(unitA) - rankOf(unitB);
  }
  return a.length - b.length;
}

/** Lifts surrogates, which begin the characters beyond the basic plane, above everything else. */
function rankOf(unit: number): number {
  const isSurrogate = unit >= FIRST_SURROGATE && unit <= LAST_SURROGATE;
  return isSurrogate ? unit + 0x10000 : unit;
}
