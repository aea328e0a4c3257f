import { describe, expect, it } from 'vitest';
import { displayText } from '../../../../src/extension/model/displayText';

/** Nothing a person could not see, nothing that moves text, nothing drawn as an icon. */
// eslint-disable-next-line no-control-regex -- control characters are what must be absent
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]|\p{Cf}|\p{Cs}|\$\([\w~-]+\)/u;

const hostile: readonly (readonly [string, string, string])[] = [
  ['line breaks', 'ls\nrm -rf ~', 'ls ⏎ rm -rf ~'],
  ['carriage returns that overwrite', 'evil\rgood', 'evil ⏎ good'],
  ['Unicode line breaks', 'a\u2028b\u2029c\u0085d', 'a ⏎ b ⏎ c ⏎ d'],
  ['escape sequences', 'a\u001b[31mred\u009b0m', 'a[31mred0m'],
  ['bidirectional overrides', 'photo\u202egpj.exe', 'photogpj.exe'],
  ['bidirectional isolates', '\u2066a\u2069b\u200fc', 'abc'],
  ['zero-width characters', 'p\u200ba\u200dy\ufeffp\u00adal', 'paypal'],
  ['icon syntax', 'echo $(trash) $(sync~spin)', 'echo $ (trash) $ (sync~spin)'],
  ['icon syntax hidden by a zero-width character', '$\u200b(trash)', '$ (trash)'],
  ['tags that carry text', 'a\u{e0041}\u{e0042}b', 'ab'],
  ['invisible letters', 'a\u3164b\u2800c', 'abc'],
  ['lone surrogates', 'a\ud800b', 'a\ufffdb'],
  ['piled-up accents', `e${'\u0301'.repeat(50)}`, `e${'\u0301'.repeat(3)}`],
  ['runs of blanks', '  a \t  b  ', 'a b'],
];

describe('displayText', () => {
  it.each(hostile)('removes %s', (_what, text, shown) => {
    expect(displayText(text)).toBe(shown);
    expect(displayText(text)).not.toMatch(UNSAFE);
  });

  it('keeps markdown and links as they are, because they are shown as plain text', () => {
    expect(displayText('[x](command:evil) **b** <b>')).toBe('[x](command:evil) **b** <b>');
  });

  it('keeps shell substitutions that no icon has the form of', () => {
    expect(displayText('echo $(git rev-parse HEAD)')).toBe('echo $(git rev-parse HEAD)');
  });

  it('caps the length without splitting a character', () => {
    expect(displayText('😀'.repeat(10), 4)).toBe('😀😀😀…');
  });

  it('cleans every single character of the basic plane', () => {
    for (let code = 0; code <= 0xffff; code++) {
      expect(displayText(`a${String.fromCharCode(code)}b`)).not.toMatch(UNSAFE);
    }
  });
});
