import { readFileSync, readdirSync } from 'node:fs';
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { notifications, requests } from '../../../src/protocol/methods';

const folder = fileURLToPath(new URL('../../fixtures/protocol/', import.meta.url));

/** The examples by method: `fs/copy` is the file `fs/copy.json`. */
const examples = new Map(
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}${sep}${entry.name}`)
    .map((file) => {
      const method = relative(folder, file)
        .split(sep)
        .join('/')
        .replace(/\.json$/, '');
      return [
        method,
        JSON.parse(readFileSync(file, 'utf8')) as { params: unknown; result: unknown },
      ];
    }),
);

describe('examples of the wire', () => {
  it('exist for every method and for nothing else', () => {
    const methods = [...Object.keys(requests), ...Object.keys(notifications)];
    expect([...examples.keys()].sort()).toEqual(methods.sort());
  });

  it.each(Object.entries(requests))(
    '%s: nothing of its example is dropped or changed',
    (method, spec) => {
      const example = examples.get(method);
      expect(spec.params.parse(example?.params) ?? null).toEqual(example?.params);
      expect(spec.result.parse(example?.result)).toEqual(example?.result);
    },
  );

  it.each(Object.entries(notifications))('%s: its example is taken as it is', (method, schema) => {
    expect(schema.parse(examples.get(method)?.params)).toEqual(examples.get(method)?.params);
  });
});

describe('parameters', () => {
  it('may be absent, null or empty for a request without any', () => {
    const { params } = requests['environment/info'];
    const outcomes = [undefined, null, {}, { extra: 1 }, [], 5].map(
      (value) => params.safeParse(value).success,
    );
    expect(outcomes).toEqual([true, true, true, false, false, false]);
  });

  it('lose members nobody knows, and cannot reach a prototype', () => {
    const text = '{"path":"/a","__proto__":{"polluted":true},"unknown":1,"constructor":{"x":1}}';
    const parsed = requests['fs/getMetadata'].params.parse(JSON.parse(text));
    expect(parsed).toEqual({ path: '/a' });
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    expect({}).not.toHaveProperty('polluted');
  });

  it('keep an environment free of a prototype named by the caller', () => {
    const text =
      '{"processId":"p","argv":["a"],"cwd":"/","tty":false,"env":{"A":"1","__proto__":"x"}}';
    const { env } = requests['process/start'].params.parse(JSON.parse(text));
    expect(env['A']).toBe('1');
    expect(Object.getPrototypeOf(env)).toBe(Object.prototype);
  });
});
