import { describe, expect, it } from 'vitest';
import { parsePatch } from '../../../../../src/extension/tools/patch/patchParser';

const patch = (...lines: readonly string[]): string =>
  ['*** Begin Patch', ...lines, '*** End Patch'].join('\n');

describe('parsePatch', () => {
  it('reads every kind of action', () => {
    expect(
      parsePatch(
        patch(
          ...['*** Add File: a b', '+one', '+', '*** Delete File: d', '*** Update File: u'],
          ...['*** Move to: v', '@@ fn()', ' kept', '-out', '+in', '', '*** End of File'],
        ),
      ),
    ).toEqual([
      { kind: 'add', path: 'a b', text: 'one\n\n' },
      { kind: 'delete', path: 'd' },
      {
        kind: 'update',
        path: 'u',
        moveTo: 'v',
        chunks: [
          {
            patchLine: 8,
            context: 'fn()',
            lines: [
              { kind: 'context', text: 'kept' },
              { kind: 'removed', text: 'out' },
              { kind: 'added', text: 'in' },
              { kind: 'context', text: '' },
            ],
            isAtEnd: true,
          },
        ],
      },
    ]);
  });

  it.each([
    ['', "line 1: it must begin with '*** Begin Patch'"],
    ['*** Begin Patch\n*** Delete File: a', "line 2: it must end with '*** End Patch'"],
    [patch(), 'line 2: it changes no file'],
    [patch('*** Copy File: a'), "line 2: expected '*** Add File: PATH'"],
    [patch('*** Add File: a', 'text'), "line 3: expected '*** Add File: PATH'"],
    [patch('*** Update File: a'), "line 2: it changes nothing in 'a'"],
    [patch('*** Update File: a', '@@'), 'line 4: the change has no lines'],
    [patch('*** Update File: a', '@@', '*** End of File'), 'line 4: the change has no lines'],
    [patch('*** Update File: a', '@@', 'x'), "line 4: 'x' must begin with ' ' (kept)"],
    [patch('*** Update File: a', '@@', '-x', 'y'), "line 5: expected '@@' or another file"],
  ])('names the line that is wrong: %#', (text, reason) => {
    expect(() => parsePatch(text)).toThrow(`Failed to read the patch: ${reason}`);
  });
});
