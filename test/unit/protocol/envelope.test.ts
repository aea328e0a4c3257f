import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/base/limits';
import { EncodedResult } from '../../../src/protocol/encodedResult';
import {
  encodeError,
  encodeNotification,
  encodeRequest,
  encodeResponse,
  parseMessage,
} from '../../../src/protocol/envelope';
import { invalidParams } from '../../../src/protocol/errorCodes';
import { idToJson } from '../../../src/protocol/requestId';
import { createRandom } from '../../support/seededRandom';

const parse = (data: string | Buffer) => parseMessage(data, defaultLimits);

describe('messages that mean something', () => {
  it.each([
    [
      '{"id":1,"method":"a/b","params":{"x":1}}',
      { kind: 'request', id: 1, method: 'a/b', params: { x: 1 } },
    ],
    [
      '{"jsonrpc":"2.0","id":"abc","method":"m","params":null}',
      { kind: 'request', id: 'abc', method: 'm', params: null },
    ],
    ['{"id":-7,"method":"m"}', { kind: 'request', id: -7, method: 'm', params: undefined }],
    ['{"id":"","method":"m","extra":1}', { kind: 'request', id: '', method: 'm' }],
    ['{"id":"t","method":"m","trace":{"traceparent":"00-0a-0b-01"}}', { kind: 'request', id: 't' }],
    ['{"id":"t","method":"m","trace":null}', { kind: 'request', id: 't' }],
    ['{"id":"t","method":"m","trace":{"tracestate":null,"x":1}}', { kind: 'request', id: 't' }],
    [
      '{"method":"initialized","params":{}}',
      { kind: 'notification', method: 'initialized', params: {} },
    ],
    ['{"id":1,"result":null}', { kind: 'response', id: 1, outcome: { result: null } }],
    [
      '{"error":{"code":-32602,"message":"no"},"id":"x"}',
      { kind: 'response', id: 'x', outcome: { error: { code: -32602, message: 'no' } } },
    ],
    [
      '{"error":{"code":1,"message":"no","data":[1]},"id":2}',
      { kind: 'response', id: 2, outcome: { error: { code: 1, message: 'no', data: [1] } } },
    ],
    ['{"id":1,"id":2,"method":"m"}', { kind: 'request', id: 2 }],
    [' \t\r\n{ "id" : 1 , "method" : "m" } \n', { kind: 'request', id: 1 }],
  ])('%s', (text, expected) => {
    expect(parse(text)).toMatchObject(expected);
    expect(parse(Buffer.from(text))).toEqual(parse(text));
  });
});

describe('messages that mean nothing', () => {
  it.each([
    ['not json', 'invalid JSON'],
    ['', 'invalid JSON'],
    ['{"id":1,"method":"m"', 'invalid JSON'],
    ['{"id":1,"method":"m"}}', 'invalid JSON'],
    ['{"id":1,"method":"m\\', 'invalid JSON'],
    ['"', 'invalid JSON'],
    ['"\\', 'invalid JSON'],
    ['\ufeff{"id":1,"method":"m"}', 'invalid JSON'],
    ['{"id":1,"method":"m","params":NaN}', 'invalid JSON'],
    ['[]', 'expected a JSON-RPC object'],
    ['[{"id":1,"method":"m"}]', 'expected a JSON-RPC object'],
    ['123', 'expected a JSON-RPC object'],
    ['""', 'expected a JSON-RPC object'],
    ['null', 'expected a JSON-RPC object'],
    ['{}', 'missing field `error`'],
    ['{"id":5}', 'missing field `error`'],
    ['{"result":1}', 'missing field `error`'],
    ['{"error":{"code":1,"message":"x"}}', 'missing field `id`'],
    ['{"id":1,"error":"x"}', 'expected an object as error'],
    [
      '{"id":1,"error":{"code":"1","message":"x"}}',
      'expected an integer code and a message in error',
    ],
    ['{"id":7,"method":5}', 'expected a string as method'],
    ['{"method":null}', 'expected a string as method'],
    ['{"id":"t","method":"m","trace":5}', 'expected a W3C trace context as trace'],
    ['{"id":"t","method":"m","trace":{"traceparent":5}}', 'expected a W3C trace context as trace'],
    ['{"__proto__":{"id":1,"method":"m"}}', 'missing field `error`'],
  ])('%j: %s', (text, detail) => {
    expect(parse(text)).toEqual({ kind: 'malformed', detail });
  });

  it.each([
    '1.5',
    'null',
    'true',
    '[]',
    '{}',
    '9223372036854775808',
    '-9223372036854775809',
    '1e300',
    '1e19',
    '1'.repeat(400),
  ])('an id of %s', (id) => {
    expect(parse(`{"id":${id},"method":"m"}`)).toEqual({
      kind: 'malformed',
      detail: 'expected a string or a 64-bit integer as id',
    });
  });

  it.each([[[0xff]], [[0xc0, 0xaf]], [[0xed, 0xa0, 0x80]], [[0xf4, 0x90, 0x80, 0x80]]])(
    'the bytes %j inside a string, which are no UTF-8',
    (bytes) => {
      const message = Buffer.concat([
        Buffer.from('{"id":1,"method":"'),
        Buffer.from(bytes),
        Buffer.from('"}'),
      ]);
      expect(parse(message)).toEqual({ kind: 'malformed', detail: 'invalid UTF-8' });
    },
  );
});

describe('ids', () => {
  it.each([
    '0',
    '-1',
    '9007199254740991',
    '9007199254740992',
    '9007199254740993',
    '-9007199254740993',
    '9223372036854775807',
    '-9223372036854775808',
    '""',
    '"abc"',
    '"\\ud800"',
    '"\\"\\\\"',
  ])('%s comes back as it was sent', (id) => {
    const message = parse(`{"id":${id},"method":"m"}`);
    expect(message.kind === 'request' && idToJson(message.id)).toBe(id);
  });

  it.each([
    ['{"params":{"id":1,"x":[{"id":2}]},"id":9223372036854775807,"method":"m"}'],
    ['{"id":9223372036854775807,"method":"m","params":{"id":9007199254740993}}'],
    ['{"id":9007199254740993,"method":"m","id":9223372036854775807}'],
    ['{"\\u0069d":9223372036854775807,"method":"m"}'],
    ['{"a":"id","b":"\\"id\\":1","id" \n:\t9223372036854775807 ,"method":"m"}'],
    ['{"":9007199254740993,"id":9223372036854775807,"method":"m"}'],
  ])('a large one is found in %s', (text) => {
    const message = parse(text);
    expect(message.kind === 'request' && idToJson(message.id)).toBe('9223372036854775807');
  });
});

describe('bounds', () => {
  const limits = { maxJsonValues: 10, maxJsonDepth: 4 };
  const withParams = (params: string) => `{"id":1,"method":"m","params":${params}}`;

  it.each([
    // The outermost object, id and method are three values.
    ['[1,2,3,4,5,6]', 'request'],
    ['[1,2,3,4,5,6,7]', 'malformed'],
    ['["1","2","3","4","5","6"]', 'request'],
    ['["1","2","3","4","5","6","7"]', 'malformed'],
    ['{"a":1,"b":2,"c":3,"d":4,"e":5,"f":true}', 'request'],
    ['{"a":1,"b":2,"c":3,"d":4,"e":5,"f":true,"g":null}', 'malformed'],
    ['[[],{},[],{},[],{}]', 'request'],
    ['[[],{},[],{},[],{},[]]', 'malformed'],
    ['",,,,[[[[[[{{{{{{,,,,,,"', 'request'],
    [`"${'x'.repeat(100)}\\",1,2,3,4,5,6,7,8,9,[[[[[[[["`, 'request'],
    [`"${'\\\\'.repeat(100)}"`, 'request'],
    [`"${'\\\\'.repeat(100)}\\",[[[[["`, 'request'],
    ['[[[1]]]', 'request'],
    ['[[[[1]]]]', 'malformed'],
    ['{"a":{"b":{"c":1}}}', 'request'],
    ['{"a":{"b":{"c":{}}}}', 'malformed'],
    [' [ 1 , 2 ]  ', 'request'],
  ])('params %s make a %s', (params, kind) => {
    expect(parseMessage(withParams(params), limits).kind).toBe(kind);
  });

  it('name what is exceeded', () => {
    expect(parse(withParams(`[${'1,'.repeat(defaultLimits.maxJsonValues)}1]`))).toEqual({
      kind: 'malformed',
      detail: 'JSON-RPC message exceeds the limit of 262144 JSON values',
    });
    expect(parse(withParams('['.repeat(100_000)))).toEqual({
      kind: 'malformed',
      detail: 'JSON-RPC message exceeds the limit of 128 nesting levels',
    });
  });

  it('count what a real parser counts, for random texts', () => {
    const random = createRandom(20_261_121);
    for (let round = 0; round < 2000; round += 1) {
      const value = randomValue(random, 5);
      const text = withParams(JSON.stringify(value, null, random(3)));
      const count = 3 + countValues(value);
      const kindAt = (maxJsonValues: number) =>
        parseMessage(text, { maxJsonValues, maxJsonDepth: 100 }).kind;
      expect([text, kindAt(count), kindAt(count - 1)]).toEqual([text, 'request', 'malformed']);
    }
  });
});

describe('arbitrary bytes', () => {
  it('never throw and never reach a prototype', () => {
    const random = createRandom(7);
    const seed = Buffer.from(
      '{"id":9223372036854775807,"method":"fs/copy","params":{"__proto__":{"p":1},"a":["\\"\\\\",1.5e3]}}',
    );
    for (let round = 0; round < 20_000; round += 1) {
      const bytes = Buffer.from(seed);
      for (let change = random(4); change >= 0; change -= 1) {
        bytes[random(bytes.length)] =
          random(2) === 0 ? random(256) : (seed[random(seed.length)] ?? 0);
      }
      const cut = bytes.subarray(0, random(3) === 0 ? random(bytes.length) : bytes.length);
      expect(['request', 'notification', 'response', 'malformed']).toContain(parse(cut).kind);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

describe('messages written', () => {
  it('are those of the wire', () => {
    expect([
      encodeRequest(1, 'a/b', { x: 1 }),
      encodeRequest('1', 'a/b'),
      encodeNotification('initialized', {}),
      encodeNotification('initialized'),
      encodeResponse('', { ok: true }),
      encodeResponse(1, undefined),
      encodeError(-1, invalidParams('missing field `cwd`')),
    ]).toEqual([
      '{"id":1,"method":"a/b","params":{"x":1}}',
      '{"id":"1","method":"a/b"}',
      '{"method":"initialized","params":{}}',
      '{"method":"initialized"}',
      '{"id":"","result":{"ok":true}}',
      '{"id":1,"result":null}',
      '{"error":{"code":-32602,"message":"missing field `cwd`"},"id":-1}',
    ]);
  });

  it('write an encoded result into memory they are given, in the length announced', () => {
    const message = encodeResponse('é"', new EncodedResult('dataBase64', Buffer.from('hello')));
    if (typeof message === 'string') throw new Error('It is a string');
    const target = Buffer.alloc(message.byteLength + 10, '.');
    const end = message.writeTo(target, 5);
    expect(end).toBe(5 + message.byteLength);
    expect(JSON.parse(target.toString('utf8', 5, end))).toEqual({
      id: 'é"',
      result: { dataBase64: 'aGVsbG8=' },
    });
  });
});

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

function randomValue(random: (below: number) => number, depth: number): Json {
  const texts = ['', 'a', '\\', '"', '[{,:}]', 'é\n'.repeat(random(40)), '\\"'.repeat(random(40))];
  const text = (): string => texts[random(texts.length)] ?? '';
  const kind = random(depth > 0 ? 6 : 4);
  if (kind === 0) return [null, true, false][random(3)] ?? null;
  if (kind === 1) return (random(2000) - 1000) / 8;
  if (kind < 4) return text();
  const children = Array.from({ length: random(5) }, () => randomValue(random, depth - 1));
  if (kind === 4) return children;
  return Object.fromEntries(children.map((child, index) => [`${text()}${index}`, child]));
}

function countValues(value: Json): number {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, child) => sum + countValues(child), 1);
}
