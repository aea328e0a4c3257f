import { describe, expect, it } from 'vitest';
import { ReadParamsSchema } from '../../../src/protocol/processMessages';

describe('counts and cursors', () => {
  it.each([0, 1, 2 ** 53, 2 ** 64])('may be %d', (count) => {
    const params = { processId: 'p', afterSeq: count, maxBytes: count, waitMs: count };
    expect(ReadParamsSchema.parse(params)).toEqual(params);
  });

  it.each([-1, 1.5, 1e300])('may not be %d', (count) => {
    expect(ReadParamsSchema.safeParse({ processId: 'p', maxBytes: count }).success).toBe(false);
  });
});
