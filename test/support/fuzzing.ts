import type { Parameters } from 'fast-check';
import fc from 'fast-check';

/** Always the same cases, unless a run asks for others; a failure names the seed to run it again with. */
export const fuzzSeed = Number(process.env['FUZZ_SEED'] ?? 20_261_121);

/** A bound against hanging only, so that the case that hangs is told. */
const CASE_TIMEOUT_MS = 20_000;

/** A longer hunt than a test run has time for. */
const factor = Number(process.env['FUZZ_FACTOR'] ?? 1);

export function fuzzParameters(numRuns: number): Parameters<unknown> {
  return {
    seed: fuzzSeed,
    numRuns: numRuns * factor,
    plugins: [fc.timeout(CASE_TIMEOUT_MS)],
  };
}

/** Tokens that a JSON text may hold and no value of this language is written as. */
const rawTokens = [
  '1e999',
  '-1e999',
  '-0',
  '1.0',
  '0.1e-400',
  '9007199254740993',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551616',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\u0000"',
];

const rawText = (index: number): string => `@raw ${index}@`;

/** Writes a value as JSON, with the raw tokens where they were put. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return (text ?? 'null').replace(
    /"@raw (\d+)@"/g,
    (_match, index: string) => rawTokens[Number(index)] ?? 'null',
  );
}

const nested = (depth: number, open: 'list' | 'object'): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = open === 'list' ? [value] : { a: value };
  return value;
};

/** Values that are wrong nearly everywhere, each in another way. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', 0, -1, 1.5, 1e308, 2 ** 53, 2 ** 64),
  fc.constantFrom(...rawTokens.map((_token, index) => rawText(index))),
  fc.constantFrom<unknown>(
    [],
    {},
    [[]],
    [null],
    { __proto__: null },
    'a\0b',
    '\u{1f600}',
    '\ud800',
  ),
  fc.constantFrom(10, 100, 126, 200).map((depth) => nested(depth, 'list')),
  fc.constantFrom(10, 200).map((depth) => nested(depth, 'object')),
  fc.constantFrom(300, 5000, 100_000).map((length) => 'x'.repeat(length)),
  fc.constantFrom(100, 5000).map((length) => Array.from({ length }, (_, index) => index)),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.double(),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Names that mean something to this language. */
export const oddName = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'length',
    '',
    '0',
    'then',
  ),
  fc.string({ maxLength: 20 }),
);
