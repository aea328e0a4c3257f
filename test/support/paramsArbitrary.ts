import fc from 'fast-check';
import * as z from 'zod';
import type { RequestSpec } from '../../src/protocol/methods';
import { oddName, oddValue } from './fuzzing';

/** The part of JSON Schema that our schemas come out as. */
const ShapeSchema = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  const: z.unknown().optional(),
  enum: z.array(z.unknown()).optional(),
  get anyOf() {
    return z.array(ShapeSchema).optional();
  },
  get oneOf() {
    return z.array(ShapeSchema).optional();
  },
  get items() {
    return ShapeSchema.optional();
  },
  get properties() {
    return z.record(z.string(), ShapeSchema).optional();
  },
  required: z.array(z.string()).optional(),
  get additionalProperties() {
    return z.union([z.boolean(), ShapeSchema]).optional();
  },
});
type Shape = z.infer<typeof ShapeSchema>;

/** Values that fit a member's type, by its name where the type is only text. */
export type TextOf = (member: string) => fc.Arbitrary<string>;

/** Parameters of a method: right for the most part, and wrong in any place. */
export function paramsOf(spec: RequestSpec, textOf: TextOf): fc.Arbitrary<unknown> {
  const schema = z.toJSONSchema(spec.params, { io: 'input', unrepresentable: 'any' });
  return fc.oneof(
    { weight: 12, arbitrary: valueOf(ShapeSchema.parse(schema), '', textOf) },
    { weight: 1, arbitrary: oddValue },
  );
}

/** One value in about ten is not what it should be. */
function valueOf(shape: Shape, name: string, textOf: TextOf): fc.Arbitrary<unknown> {
  return fc.oneof(
    { weight: 9, arbitrary: rightValueOf(shape, name, textOf) },
    { weight: 1, arbitrary: oddValue },
  );
}

function rightValueOf(shape: Shape, name: string, textOf: TextOf): fc.Arbitrary<unknown> {
  const choices = shape.anyOf ?? shape.oneOf;
  if (choices !== undefined) {
    return fc.oneof(...choices.map((choice) => valueOf(choice, name, textOf)));
  }
  if (shape.const !== undefined) return fc.constant(shape.const);
  if (shape.enum !== undefined) return fc.constantFrom(...shape.enum);
  const types = [shape.type ?? []].flat();
  if (types.length === 0) return fc.oneof(fc.constant(null), oddValue);
  return fc.oneof(...types.map((type) => valueOfType(type, shape, name, textOf)));
}

function valueOfType(
  type: string,
  shape: Shape,
  name: string,
  textOf: TextOf,
): fc.Arbitrary<unknown> {
  switch (type) {
    case 'object':
      return objectOf(shape, name, textOf);
    case 'array':
      return fc.array(valueOf(shape.items ?? {}, name, textOf), { maxLength: 5 });
    case 'string':
      return textOf(name);
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    default:
      return fc.oneof(fc.nat(100), fc.maxSafeInteger());
  }
}

function objectOf(shape: Shape, name: string, textOf: TextOf): fc.Arbitrary<unknown> {
  const known = Object.entries(shape.properties ?? {}).map(
    ([member, inner]) => [member, valueOf(inner, member, textOf)] as const,
  );
  const required = (shape.required ?? []).filter((member) => member !== '');
  const values =
    typeof shape.additionalProperties === 'object'
      ? valueOf(shape.additionalProperties, name, textOf)
      : oddValue;
  return fc
    .tuple(
      fc.record(Object.fromEntries(known), { requiredKeys: required }),
      fc.dictionary(oddName, values, { maxKeys: 2 }),
      // Leaves out a member that has to be there, now and then.
      fc.option(fc.constantFrom('', ...required), { freq: 8 }),
    )
    .map(([members, others, missing]) => {
      const all = { ...others, ...members };
      return missing === null
        ? all
        : Object.fromEntries(Object.entries(all).filter(([member]) => member !== missing));
    });
}
