import { expect, it } from 'vitest';
import { sortByBytes } from '../../../../src/environment/local/byteOrder';
import { createRandom } from '../../../support/seededRandom';

const byBuffer = (names: readonly string[]) =>
  [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

it.each([
  [['b', 'a', 'B', '.z', '10', '9', 'ab', '']],
  [['\u{10000}', '\uffee', 'é', 'z', '\u{1f600}', '\ue000', '\ud7ff']],
  [['a\u{10000}', 'a\uffee', 'a', 'a\u{10000}b', 'a\u{10001}']],
])('names are sorted by the bytes of their UTF-8 form: %j', (names) => {
  const sorted = [...names];
  sortByBytes(sorted);
  expect(sorted).toEqual(byBuffer(names));
});

it('agrees with a comparison of the bytes for random names', () => {
  const below = createRandom(7);
  const characters = [
    'a',
    'b',
    '\u007f',
    '\u0080',
    '\u07ff',
    '\ud7ff',
    '\ue000',
    '\uffff',
    '\u{10000}',
  ];
  const pick = () => characters[below(characters.length)] ?? 'a';
  const name = () => Array.from({ length: 1 + below(4) }, pick).join('');
  const names = Array.from({ length: 500 }, name);
  const sorted = [...names];
  sortByBytes(sorted);
  expect(sorted).toEqual(byBuffer(names));
});
