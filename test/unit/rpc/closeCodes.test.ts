import { describe, expect, it } from 'vitest';
import { closeReason } from '../../../src/rpc/closeCodes';

describe('closeReason', () => {
  it.each([
    ['a short text', 'gone', 'gone'],
    ['exactly as much as fits', 'x'.repeat(123), 'x'.repeat(123)],
    ['one byte too many', 'x'.repeat(124), 'x'.repeat(123)],
    ['two-byte characters', 'é'.repeat(100), 'é'.repeat(61)],
    ['characters of two code units', '😀'.repeat(100), '😀'.repeat(30)],
    ['a character across the end', `${'x'.repeat(121)}😀`, 'x'.repeat(121)],
  ])('fits %s into a close frame', (_name, text, expected) => {
    expect(closeReason(text)).toBe(expected);
  });

  it('cuts a text of many megabytes without looking at all of it', () => {
    expect(closeReason('é'.repeat(30_000_000))).toBe('é'.repeat(61));
  });
});
