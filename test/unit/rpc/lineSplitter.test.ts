import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../../src/rpc/lineSplitter';

/** Everything a splitter makes of chunks, and whether it could go on. */
function split(
  chunks: readonly (string | Buffer)[],
  maxLineBytes = 1000,
): { lines: string[]; rest: string; fits: boolean } {
  const splitter = new LineSplitter(maxLineBytes);
  const lines: Buffer[] = [];
  const fits = chunks.every((chunk) =>
    splitter.push(Buffer.from(chunk), (line) => {
      lines.push(line);
    }),
  );
  // Read only now: a line handed on must not change with what comes after it.
  return { rest: splitter.rest().toString(), lines: lines.map(String), fits };
}

describe('LineSplitter', () => {
  it.each<[chunks: string[], lines: string[], rest: string]>([
    [['one\ntwo\n'], ['one', 'two'], ''],
    [['on', 'e\ntw', 'o\n'], ['one', 'two'], ''],
    [['one', '\n'], ['one'], ''],
    [['\n\n'], ['', ''], ''],
    [['one\ntwo'], ['one'], 'two'],
    [['', 'one', '', '\n'], ['one'], ''],
    [['one\r\n'], ['one\r'], ''],
    [[], [], ''],
  ])('cuts %j', (chunks, lines, rest) => {
    expect(split(chunks)).toEqual({ lines, rest, fits: true });
  });

  it.each<[chunks: string[], lines: string[], fits: boolean]>([
    [['1234\n'], ['1234'], true],
    [['12', '34', '\n'], ['1234'], true],
    [['12345\n'], [], false],
    [['12', '345'], [], false],
    [['1\n12345\n2\n'], ['1'], false],
  ])('takes four bytes a line and no more of %j', (chunks, lines, fits) => {
    const done = split(chunks, 4);
    expect([done.lines, done.fits]).toEqual([lines, fits]);
  });

  it('gives the same lines however the bytes are cut', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 40 });
    fc.assert(
      fc.property(pieces, fc.array(fc.nat(30), { minLength: 1 }), (bytes, sizes) => {
        const whole = Buffer.concat(bytes).map((byte) => (byte < 40 ? 0x0a : byte));
        const chunks: Buffer[] = [];
        for (let at = 0, count = 0; at < whole.length; count += 1) {
          const end = at + 1 + (sizes[count % sizes.length] ?? 0);
          chunks.push(Buffer.from(whole.subarray(at, end)));
          at = end;
        }
        const expected = Buffer.from(whole).toString('latin1').split('\n');
        const splitter = new LineSplitter(10_000);
        const lines: string[] = [];
        for (const chunk of chunks)
          splitter.push(chunk, (line) => lines.push(line.toString('latin1')));
        expect([...lines, splitter.rest().toString('latin1')]).toEqual(expected);
      }),
    );
  });

  it('keeps a line that comes byte by byte in memory of about its size', () => {
    const splitter = new LineSplitter(4_000_000);
    let line: Buffer = Buffer.alloc(0);
    const byte = Buffer.from('x');
    for (let count = 0; count < 1_000_000; count += 1) {
      splitter.push(byte, () => undefined);
    }
    splitter.push(Buffer.from('\n'), (whole) => (line = whole));
    expect({ length: line.length, held: line.buffer.byteLength <= 2_000_000 }).toEqual({
      length: 1_000_000,
      held: true,
    });
  });
});
