import { sep } from 'node:path';
import fc from 'fast-check';
import { parsePathText } from '../../src/protocol/pathText';
import type { TextOf } from './paramsArbitrary';

/** Members that name a place, alone or in a list. */
const placeNames = new Set([
  'path',
  'cwd',
  'sourcePath',
  'destinationPath',
  'missing',
  'present',
  'workspaceRoots',
  'temporaryDirectories',
  'userHomeDir',
]);

const harmlessPrograms = ['/bin/true', '/bin/false', 'true', '/nowhere/at/all', ''];
const harmlessUrls = ['http://127.0.0.1:9/', 'ftp://127.0.0.1/', 'http://', 'http://[::1', ''];

/** Names of files, plain and not, all of one folder. */
const names = [
  'a',
  'b',
  'a/b',
  'a/../b',
  '.',
  'é',
  '%61',
  '%2e%2e',
  '%2F',
  '%ff',
  '%00',
  '%',
  ' ',
  'x'.repeat(300),
];

/** Texts for the members of parameters, by their names. */
export function textsIn(playground: string): TextOf {
  const places = fc.oneof(
    fc
      .constantFrom(...names)
      .chain((name) => fc.constantFrom(`${playground}/${name}`, `file://${playground}/${name}`)),
    fc.constantFrom('', 'relative', 'file:', 'file://host/x', 'http://x/', `${playground}/a\0b`),
    fc.constantFrom(
      `file://${playground}/a?x`,
      `file://${playground}/a#x`,
      'file:///%zz',
      '\ud800',
    ),
  );
  const ids = fc.constantFrom('live', 'p1', 'p2', '', '__proto__', 'x'.repeat(257));
  const bytes = fc.oneof(
    fc.base64String({ maxLength: 400 }),
    fc.constantFrom('=', 'AA=A', 'A', '!!!!', 'AA==AA==', 'Zm9v\n'),
  );
  return (member) => {
    if (placeNames.has(member)) return places;
    if (/id$/i.test(member)) return ids;
    if (/^(chunk|dataBase64|bodyBase64)$/.test(member)) return bytes;
    return fc.string({ unit: 'binary', maxLength: 30 });
  };
}

/**
 * Takes out of parameters what could do harm: programs that do something, places outside the playground,
 * addresses that somebody listens on.
 */
export function harmless(value: unknown, playground: string, member = ''): unknown {
  if (typeof value === 'string') return harmlessText(value, playground, member);
  if (Array.isArray(value)) {
    const items = value.map((item) => harmless(item, playground, member));
    if (member !== 'argv' || items.length === 0) return items;
    return [harmlessPrograms[items.length % harmlessPrograms.length], ...items.slice(1)];
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(
    ([name, inner]) => [name, harmless(inner, playground, name)] as const,
  );
  return Object.fromEntries(entries);
}

function harmlessText(text: string, playground: string, member: string): string {
  if (member === 'url') return harmlessUrls[text.length % harmlessUrls.length] ?? '';
  if (!placeNames.has(member) && !/^(\/|file:)/i.test(text)) return text;
  let path: string;
  try {
    ({ path } = parsePathText(text));
  } catch {
    // What names no place is refused, and that is what it is there for.
    return text;
  }
  const isInside = `${path}${sep}`.startsWith(`${playground}${sep}`);
  return isInside ? text : `${playground}/outside`;
}
