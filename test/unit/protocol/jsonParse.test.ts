import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/base/limits';
import { parseJson } from '../../../src/protocol/jsonParse';

const parse = (text: string) => parseJson(Buffer.from(text), defaultLimits);

const long = 'QUJD'.repeat(20_000);

describe('a text with long strings', () => {
  it.each<[string, unknown]>([
    ['one alone', long],
    ['one as a member', { a: 1, dataBase64: long, z: [true] }],
    ['several', { a: long, b: [long, 'short', `${long}x`] }],
    ['one as the name of a member', { [long]: 1 }],
    ['one with escapes', { a: `${long}\n"\\`, b: long }],
    ['one that is no ASCII', { a: `${long}é`, b: long }],
    ['one beside text in several bytes each', { 'é€😀': '😀', b: long, c: 'é' }],
  ])('is read as JSON.parse would: %s', (_name, value) => {
    expect(parse(JSON.stringify(value))).toEqual({ value });
  });

  it.each([
    ['ends within one', `{"a":"${long}`],
    ['goes on behind one', `{"a":"${long}"}}`],
    ['lacks what comes behind one', `{"a":"${long}"`],
  ])('is refused when it %s', (_name, text) => {
    expect(parse(text)).toEqual({ fault: 'invalid JSON' });
  });
});

it('a fault never quotes the text', () => {
  expect(parse('{"token":"secret')).toEqual({ fault: 'invalid JSON' });
});

it('bounds hold for what is around long strings', () => {
  const text = `{"a":"${long}","b":${'['.repeat(200)}${']'.repeat(200)}}`;
  expect(parse(text)).toEqual({
    fault: 'JSON-RPC message exceeds the limit of 128 nesting levels',
  });
});
