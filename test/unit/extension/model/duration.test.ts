import { describe, expect, it } from 'vitest';
import {
  formatAge,
  formatDuration,
  plural,
  speakAge,
} from '../../../../src/extension/model/duration';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('durations', () => {
  it.each([
    [-5, '0.0s'],
    [420, '0.4s'],
    [9_999, '9.9s'],
    [12_345, '12s'],
    [3 * MINUTE, '3m'],
    [3 * MINUTE + 5_000, '3m 5s'],
    [2 * HOUR + 4 * MINUTE, '2h 4m'],
    [27 * HOUR, '1d 3h'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('writes and speaks ages in whole minutes', () => {
    const ages = [0, 59_999, MINUTE, 5 * MINUTE, HOUR, 49 * HOUR];
    expect(ages.map((ms) => [formatAge(ms), speakAge(ms)])).toEqual([
      ['<1m', 'less than a minute'],
      ['<1m', 'less than a minute'],
      ['1m', '1 minute'],
      ['5m', '5 minutes'],
      ['1h', '1 hour'],
      ['2d 1h', '2 days'],
    ]);
  });

  it('counts in words', () => {
    expect([plural(1, 'process', 'processes'), plural(0, 'process', 'processes')]).toEqual([
      '1 process',
      '0 processes',
    ]);
  });
});
