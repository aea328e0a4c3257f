/** Who answers: our server, or the exec-server that comes with the Codex CLI. */
export type Side = 'ours' | 'peer';

export const sides: readonly Side[] = ['ours', 'peer'];

/** A place in an expectation where the two servers differ, and are meant to. */
export class Difference {
  constructor(
    readonly ours: unknown,
    readonly peer: unknown,
    readonly because: string,
  ) {}
}

/** Pins both servers where they differ on purpose. May stand anywhere inside an expected value. */
export function differs(difference: {
  readonly ours: unknown;
  readonly peer: unknown;
  readonly because: string;
}): Difference {
  const { ours, peer, because } = difference;
  if (JSON.stringify(ours) === JSON.stringify(peer)) throw new Error('These do not differ');
  return new Difference(ours, peer, because);
}

/** The same fault told in other words; clients branch on the code and show the text. */
export function wording(ours: unknown, peer: unknown): Difference {
  return differs({ ours, peer, because: 'a text for people, in each server’s own words' });
}

/** What one of the servers is expected to say. */
export function expectedOf(side: Side, value: unknown): unknown {
  if (value instanceof Difference) return expectedOf(side, value[side]);
  if (Array.isArray(value)) return value.map((item) => expectedOf(side, item));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, expectedOf(side, item)]),
  );
}

/** Matchers of the test runner and bytes are left as they are. */
function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  );
}
