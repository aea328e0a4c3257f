import { describe, expect, it } from 'vitest';
import { mask, unmask } from '../../../src/rpc/frameMask';
import { createRandom } from '../../support/seededRandom';

const key = Buffer.from([0x12, 0x34, 0xab, 0xff]);

/** What RFC 6455 says, byte by byte. */
const masked = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.map((byte, at) => byte ^ (key[at % 4] ?? 0)));

describe('a mask', () => {
  it('is removed from any number of bytes at any place in memory', () => {
    const random = createRandom(7);
    const memory = Buffer.alloc(500);
    const lengths = Array.from({ length: 40 }, (_, index) => [index, 370 + index]).flat();
    for (let offset = 0; offset < 9; offset += 1) {
      for (const length of lengths) {
        const plain = Buffer.from(Array.from({ length }, () => random(256)));
        memory.fill('.');
        masked(plain).copy(memory, offset);
        const expected = Buffer.from(memory);
        plain.copy(expected, offset);
        unmask(memory.subarray(offset, offset + length), key);
        expect(memory.equals(expected)).toBe(true);
      }
    }
  });

  it('is applied to a copy, and nothing around it changes', () => {
    const source = Buffer.from('some text that is longer than a word');
    const output = Buffer.alloc(50, '.');
    mask(source, key, output, 3, source.length);
    const expected = Buffer.alloc(50, '.');
    masked(source).copy(expected, 3);
    expect([output, source.toString()]).toEqual([expected, 'some text that is longer than a word']);
  });
});
