import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { invalidRequest } from '../../../src/protocol/errorCodes';
import type { RequestTable } from '../../../src/protocol/methods';
import { Router } from '../../../src/rpc/router';

const table = {
  'thing/double': {
    family: 'thing',
    turn: 'inOrder',
    params: z.object({ value: z.number() }),
    result: z.object({ value: z.number() }),
  },
  'thing/turn': {
    family: 'thing',
    turn: 'inOrder',
    params: z.object({ side: z.enum(['left', 'right']) }),
    result: z.object({}),
  },
} as const satisfies RequestTable;

interface Context {
  readonly open: boolean;
}

const calls: unknown[] = [];
const router = new Router<typeof table, Context>(
  table,
  {
    'thing/double': ({ value }, context) => {
      calls.push({ value, context });
      return { value: value * 2 };
    },
    'thing/turn': () => ({}),
  },
  (spec, { open }) => {
    if (!open) throw invalidRequest(`${spec.family} is shut`);
  },
);

function refusalOf(method: string, params: unknown, open: boolean): unknown {
  try {
    router.route(method, params, { open });
  } catch (error) {
    return error instanceof Error && 'code' in error
      ? { code: error.code, message: error.message }
      : error;
  }
  return 'routed';
}

describe('Router', () => {
  it('runs a handler only when the routed request is called, with what the schema left', () => {
    calls.length = 0;
    const routed = router.route('thing/double', { value: 4, unknown: 1 }, { open: true });
    const before = [...calls];
    expect({ before, answer: routed.call(), spec: routed.spec, calls }).toEqual({
      before: [],
      answer: { value: 8 },
      spec: table['thing/double'],
      calls: [{ value: 4, context: { open: true } }],
    });
  });

  it('looks at method, then parameters, then the gate', () => {
    expect([
      refusalOf('thing/halve', 'wrong', false),
      refusalOf('thing/double', { value: 'x' }, false),
      refusalOf('thing/double', { value: 1 }, false),
    ]).toEqual([
      { code: -32601, message: 'exec-server does not implement `thing/halve`' },
      {
        code: -32602,
        message: 'invalid type: string, expected a number at `value`',
      },
      { code: -32600, message: 'thing is shut' },
    ]);
  });

  it('tells a choice left out from a wrong one', () => {
    expect([
      refusalOf('thing/turn', {}, true),
      refusalOf('thing/turn', { side: 'up' }, true),
    ]).toEqual([
      { code: -32602, message: 'missing field `side`' },
      {
        code: -32602,
        message: 'unknown variant at `side`, expected one of `left`, `right`',
      },
    ]);
  });

  it('takes no name every object has for a method', () => {
    expect(
      ['constructor', '__proto__', 'toString', 'hasOwnProperty', ''].map((method) =>
        refusalOf(method, {}, true),
      ),
    ).toEqual(
      ['constructor', '__proto__', 'toString', 'hasOwnProperty', ''].map((method) => ({
        code: -32601,
        message: `exec-server does not implement \`${method}\``,
      })),
    );
  });

  it('gives back only the beginning of a very long method name', () => {
    expect(refusalOf('x'.repeat(1_000_000), {}, true)).toEqual({
      code: -32601,
      message: `exec-server does not implement \`${'x'.repeat(80)}\``,
    });
  });
});
