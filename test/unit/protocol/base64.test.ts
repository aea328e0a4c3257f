import { describe, expect, it } from 'vitest';
import { decodeBase64, decodeBase64Into, requireBase64 } from '../../../src/protocol/base64';
import { describeBase64Fault } from '../../../src/protocol/base64Fault';

describe('base64', () => {
  it.each([
    ['', ''],
    ['aGVsbG8=', 'hello'],
    ['eA==', 'x'],
    ['YWJj', 'abc'],
    ['+/8=', '\xfb\xff'],
  ])('decodes %j', (text, expected) => {
    expect(decodeBase64(text)?.toString('latin1')).toBe(expected);
  });

  it.each([
    '%%%',
    '%%%%',
    'YQ',
    'YQ=',
    '_-8=',
    'YQ==YQ==',
    'Y Q=',
    'YWJj\n',
    'YQ=a',
    '====',
    '=',
    'YR==',
    'é===',
    'YWJ',
    'A===',
  ])('refuses %j', (text) => {
    expect(decodeBase64(text)).toBeUndefined();
    expect(decodeBase64Into(Buffer.alloc(100), text)).toBeUndefined();
  });

  it('is refused where the memory is too small for it', () => {
    expect(decodeBase64Into(Buffer.alloc(4), 'aGVsbG8=')).toBeUndefined();
    expect(decodeBase64Into(Buffer.alloc(5), 'aGVsbG8=')?.toString()).toBe('hello');
  });

  it('decodes what Node encodes, whatever the length', () => {
    const memory = Buffer.alloc(299, '.');
    for (let length = 0; length < 300; length += 1) {
      const bytes = Buffer.from(Array.from({ length }, (_, index) => (index * 37 + length) & 0xff));
      expect(decodeBase64(bytes.toString('base64'))).toEqual(bytes);
      expect(decodeBase64Into(memory, bytes.toString('base64'))).toEqual(bytes);
    }
  });

  it('names the member at fault', () => {
    expect(() => requireBase64('%', 'chunk')).toThrow(
      expect.objectContaining({ code: -32602, message: 'chunk is not valid base64' }),
    );
  });

  it.each([
    ['%%%', 'Invalid symbol 37, offset 0.'],
    ['YQ', 'Invalid padding'],
    ['AA_-', 'Invalid symbol 95, offset 2.'],
  ])('tells what is wrong with %j', (text, fault) => {
    expect(describeBase64Fault(text)).toBe(fault);
  });
});
