import { describe, expect, it } from 'vitest';
import { EncodedResult } from '../../../src/protocol/encodedResult';

const SLICE_BYTES = 3 * 256 * 1024;

describe('EncodedResult', () => {
  it.each([
    0,
    1,
    2,
    3,
    4,
    1000,
    SLICE_BYTES - 1,
    SLICE_BYTES,
    SLICE_BYTES + 1,
    2 * SLICE_BYTES + 2,
  ])('writes %d bytes as the JSON that stringify would make, in the length announced', (length) => {
    const bytes = Buffer.alloc(length, 'abcdefg');
    const result = new EncodedResult('dataBase64', bytes);
    const target = Buffer.alloc(result.byteLength + 10, '.');
    const end = result.writeTo(target, 5);
    expect(end).toBe(5 + result.byteLength);
    const text = target.toString('latin1', 5, end);
    expect(text === JSON.stringify({ dataBase64: bytes.toString('base64') })).toBe(true);
    expect(Buffer.concat([...result.pieces()]).toString() === text).toBe(true);
  });

  it('writes flags behind the bytes', () => {
    const result = new EncodedResult('chunk', Buffer.from('abc'), { eof: true, more: false });
    const target = Buffer.alloc(result.byteLength);
    expect(result.writeTo(target, 0)).toBe(target.length);
    expect(target.toString()).toBe('{"chunk":"YWJj","eof":true,"more":false}');
  });
});
