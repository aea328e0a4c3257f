import { describe, expect, it } from 'vitest';
import { HeadAndTail, withinBudget } from '../../../../src/extension/tools/headAndTail';
import { PlainOutput } from '../../../../src/extension/tools/plainOutput';
import { createRandom } from '../../../support/seededRandom';

describe('PlainOutput', () => {
  it('reads text and leaves out what only a terminal understands, wherever it is cut', () => {
    const bytes = Buffer.from(
      '\u001b[1;31mä€𝄞\u001b[0m\t\u001b]0;title\u0007b\u0008\u001b(B\u001b7\r\n\u001b[?25l\u001bMend',
    );
    for (let cut = 0; cut <= bytes.length; cut++) {
      const output = new PlainOutput();
      const text =
        output.write(bytes.subarray(0, cut)) + output.write(bytes.subarray(cut)) + output.end();
      expect(text).toBe('ä€𝄞\tb\r\nend');
    }
  });

  it('marks bytes that are no text', () => {
    const output = new PlainOutput();
    expect(output.write(Buffer.from([0x61, 0xff, 0xe2, 0x82])) + output.end()).toBe(
      'a\ufffd\ufffd',
    );
  });
});

describe('HeadAndTail', () => {
  it('keeps both ends and counts what is between, however the text comes', () => {
    const text = Array.from({ length: 1000 }, (_, index) => index % 10).join('');
    const random = createRandom(6);
    for (let round = 0; round < 50; round++) {
      const kept = new HeadAndTail(40);
      for (let at = 0; at < text.length;) {
        const size = 1 + random(100);
        kept.append(text.slice(at, at + size));
        at += size;
      }
      expect(kept.take()).toEqual({
        head: text.slice(0, 20),
        tail: text.slice(-20),
        droppedChars: 960,
      });
    }
  });

  it('loses nothing that fits, and begins empty after it was taken', () => {
    const kept = new HeadAndTail(10);
    for (const part of ['abc', 'def', 'ghij']) kept.append(part);
    expect([kept.take(), kept.take()]).toEqual([
      { head: 'abcde', tail: 'fghij', droppedChars: 0 },
      { head: '', tail: '', droppedChars: 0 },
    ]);
  });
});

describe('the budget of a model', () => {
  it.each([
    ['all of it', { head: 'a\r\nb', tail: '', droppedChars: 0 }, 10, 'a\nb', 1],
    [
      'both ends',
      { head: '0123456789', tail: '', droppedChars: 0 },
      1,
      '01\n… 6 characters of output left out …\n89',
      3,
    ],
    [
      'no half characters',
      { head: '0𝄞1234567𝄞9', tail: '', droppedChars: 0 },
      1,
      '0\n… 9 characters of output left out …\n9',
      4,
    ],
    [
      'what was dropped before',
      { head: 'ab', tail: 'yz', droppedChars: 96 },
      10,
      'ab\n… 96 characters of output left out …\nyz',
      25,
    ],
  ])('shows %s', (_what, kept, tokens, text, originalTokens) => {
    expect(withinBudget(kept, tokens)).toEqual({ text, originalTokens });
  });
});
