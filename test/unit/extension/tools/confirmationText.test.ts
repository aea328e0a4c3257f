import { describe, expect, it } from 'vitest';
import { fenced, inlineCode, shortened } from '../../../../src/extension/tools/confirmationText';

describe('text of a model in a question', () => {
  it.each([
    ['plain', 'ls -la', '```text\nls -la\n```'],
    ['its own fence', 'a\n```\n[link](command:x)', '````text\na\n```\n[link](command:x)\n````'],
    ['a longer fence', '`````', '``````text\n`````\n``````'],
    ['a reversed direction', 'a\u202eb', '```text\na\\u{202e}b\n```'],
    ['an escape sequence', '\u001b[8m', '```text\n\\u{1b}[8m\n```'],
    ['a line separator', 'a\u2028b', '```text\na\\u{2028}b\n```'],
    ['a carriage return over it', 'rm\rls', '```text\nrm\\u{d}ls\n```'],
    ['nothing', '', '```text\n\n```'],
  ])('stays in its block with %s', (_what, text, shown) => {
    expect(fenced(text, 1000)).toBe(shown);
  });

  it('keeps both ends of what is too long, and says so', () => {
    expect(fenced(`head${'x'.repeat(100)}tail`, 8)).toBe(
      '```text\nhead\n… 100 CHARACTERS ARE NOT SHOWN …\ntail\n```',
    );
  });

  it.each([
    ['a`b', '`` a`b ``'],
    ['``', '``` `` ```'],
    ['two\nlines', '` two ⏎ lines `'],
  ])('stays within its sentence: %j', (text, shown) => {
    expect(inlineCode(text)).toBe(shown);
  });

  it('keeps both ends of a long path, which could lead anywhere at its end', () => {
    const path = `a${'/.'.repeat(300)}/../../etc/passwd`;
    const shown = inlineCode(path);
    expect([shown.startsWith('` a/./.'), shown.endsWith('/./../../etc/passwd `')]).toEqual([
      true,
      true,
    ]);
    expect(shown).toContain('CHARACTERS ARE NOT SHOWN');
  });

  it('is one short line where it is a title', () => {
    expect(shortened(`a\nb ${'x'.repeat(200)}`)).toHaveLength(80);
  });
});
