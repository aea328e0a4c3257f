import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RpcError } from '../../../src/protocol/errorCodes';
import {
  formatPath,
  parsePathText,
  pathFormatter,
  pathToUri,
} from '../../../src/protocol/pathText';
import { PathTextSchema } from '../../../src/protocol/primitives';

// The forms below are those of Unix; drive letters and shares have rules of their own.
describe.skipIf(process.platform === 'win32')('paths on the wire', () => {
  it.each([
    ['file:///workspace/a.txt', '/workspace/a.txt'],
    ['file:///workspace/sp%20ace%2520%23%C3%A9.txt', '/workspace/sp ace%20#é.txt'],
    ['file://localhost/tmp', '/tmp'],
    ['FILE:///tmp', '/tmp'],
    ['file:/tmp', '/tmp'],
    ['file:tmp', '/tmp'],
    ['file://', '/'],
    ['file:///', '/'],
    ['file:///a/../b', '/b'],
    ['file:///a/./b', '/a/b'],
    ['file:///a//b', '/a/b'],
    ['file:///a/', '/a'],
    ['file:///a/..', '/'],
    ['file:///a/.', '/a'],
    ['file:///.hidden/...', '/.hidden/...'],
    ['file:///tmp%2Flab', '/tmp/lab'],
    ['file:///a%2F..%2Fb', '/b'],
    ['file:///%2e%2e/b', '/b'],
    ['file:///a%5Cb', '/a\\b'],
  ])('reads the URI %s', (text, path) => {
    expect(parsePathText(text)).toEqual({ path, form: 'uri' });
  });

  it.each([
    ['/workspace', '/workspace'],
    ['/a/../b/./c//d/', '/b/c/d'],
    ['/with%20percent', '/with%20percent'],
    ['/#?', '/#?'],
    ['/', '/'],
  ])('reads the native path %s', (text, path) => {
    expect(parsePathText(text)).toEqual({ path, form: 'native' });
  });

  it.each([
    ['relative', -32602, 'invalid URI: relative URL without a base'],
    ['', -32602, 'invalid URI: relative URL without a base'],
    ['http://x/y', -32602, 'unsupported path URI scheme `http`'],
    ['file:///tmp?x=1', -32602, 'query parameters are not allowed in path URIs'],
    ['file:///tmp?', -32602, 'query parameters are not allowed in path URIs'],
    ['file:///tmp#f', -32602, 'fragments are not allowed in path URIs'],
    ['file:///tmp#', -32602, 'fragments are not allowed in path URIs'],
  ])('refuses %j', (text, code, message) => {
    expect(() => parsePathText(text)).toThrow(expect.objectContaining({ code, message }));
  });

  it.each([
    ['file://host/tmp', -32600],
    ['file:///C:/x', -32600],
    ['file:///c:/x', -32600],
    ['file:///C:', -32600],
    ['file:///tmp%00x', -32602],
    ['/tmp\0x', -32602],
  ])('says that %j means nothing on this system', (text, code) => {
    expect(() => parsePathText(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining("is invalid on '") }),
    );
  });

  it('refuses bytes that are no UTF-8 instead of reaching another file', () => {
    expect(() => parsePathText('file:///tmp/%ff')).toThrow(
      expect.objectContaining({ code: -32602 }),
    );
  });

  it('answers in the form of the question, so that reading it again gives the same path', () => {
    const path = '/workspace/sp ace%20#é?\\.txt';
    expect(formatPath(path, 'native')).toBe(path);
    expect(parsePathText(formatPath(path, 'uri'))).toEqual({ path, form: 'uri' });
    expect(pathToUri('/workspace/sp ace%20#é.txt')).toBe(
      'file:///workspace/sp%20ace%2520%23%C3%A9.txt',
    );
  });

  it('formats many paths as it formats each', () => {
    const names = ['a', 'a.b', 'A_-9', '.hidden', 'sp ace', '%41', 'é', '~', '#', '\\', '...'];
    const directories = ['', '/d', '/d/e', '/sp ace', '/d', '/%', '/d/ef'];
    const paths = directories.flatMap((directory) => names.map((name) => `${directory}/${name}`));
    for (const form of ['uri', 'native'] as const) {
      const format = pathFormatter(form);
      expect(paths.map(format)).toEqual(paths.map((path) => formatPath(path, form)));
    }
  });
});

describe('the short way for plain paths', () => {
  const piece = fc.constantFrom(
    ...[
      '/',
      '.',
      '..',
      'a',
      'C:',
      '|',
      '%2f',
      '%2e',
      '%',
      '-',
      '_',
      'é',
      ' ',
      '\n',
      '\\',
      '?',
      '#',
      '~',
    ],
  );
  const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
  const outcome = (uri: string): unknown => {
    try {
      return parsePathText(uri, 'posix');
    } catch (error) {
      return error instanceof RpcError ? error.code : error;
    }
  };

  it('reads a URI as the parser of URLs does', () => {
    fc.assert(
      fc.property(text, (rest) => {
        // A scheme in capitals means the same and is no short way.
        expect(outcome(`file://${rest}`)).toEqual(outcome(`FILE://${rest}`));
      }),
      { numRuns: 20_000 },
    );
  });

  it.skipIf(process.platform === 'win32')('writes a URI as Node does', () => {
    fc.assert(
      fc.property(text, (rest) => {
        expect(pathToUri(`/${rest}`)).toBe(pathToFileURL(`/${rest}`).href);
      }),
      { numRuns: 20_000 },
    );
  });
});

// Read on any machine, because a remote may be of another kind than this one.
describe('paths of a machine with drives', () => {
  const parse = (text: string) => parsePathText(text, 'windows');

  it.each([
    ['file:///C:/work/a.txt', 'C:\\work\\a.txt'],
    ['file:///c:/sp%20ace%2520%23%C3%A9', 'c:\\sp ace%20#é'],
    ['file:///C:/a/../b/', 'C:\\b'],
    ['file:///C:/', 'C:\\'],
    ['file://localhost/C:/x', 'C:\\x'],
    ['file://host/share/a%20b', '\\\\host\\share\\a b'],
  ])('are read from the URI %s', (text, path) => {
    expect(parse(text)).toEqual({ path, form: 'uri' });
  });

  it.each([
    ['C:\\work\\a.txt', 'C:\\work\\a.txt'],
    ['c:/work/../a', 'c:\\a'],
    ['C:\\a\\.\\b\\', 'C:\\a\\b'],
    ['C:\\', 'C:\\'],
    ['\\\\host\\share\\a\\..\\b', '\\\\host\\share\\b'],
    ['C:\\with%20percent', 'C:\\with%20percent'],
  ])('are read as the native path %s', (text, path) => {
    expect(parse(text)).toEqual({ path, form: 'native' });
  });

  it.each([
    ['work\\a', -32602],
    ['C:work', -32602],
    ['\\work', -32602],
    ['/work', -32602],
    ['C:\\a\0b', -32602],
    ['file:///C:/a%00b', -32602],
    ['file:///C:/%ff', -32602],
    ['file:///C:/a?x', -32602],
    ['file:///C:/a#x', -32602],
    ['file:///work', -32600],
    ['file:///C:/a%2Fb', -32600],
    ['file:///C:/a%5Cb', -32600],
    ['file://host', -32600],
    ['file:///', -32600],
  ])('are not %j', (text, code) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code }));
  });

  const paths = [
    'C:\\work\\sp ace%20#é;~.txt',
    'C:\\',
    'c:\\a b\\c',
    '\\\\host\\share\\a#b',
    '\\\\host\\share\\c',
  ];

  it.each(paths)('survive being written and read again: %s', (path) => {
    for (const form of ['uri', 'native'] as const) {
      expect(parse(formatPath(path, form, 'windows'))).toEqual({ path, form });
    }
  });

  it('are formatted many at once as each', () => {
    for (const form of ['uri', 'native'] as const) {
      const expected = paths.map((path) => formatPath(path, form, 'windows'));
      expect(paths.map(pathFormatter(form, 'windows'))).toEqual(expected);
    }
  });

  it('are written as Windows writes them', () => {
    expect(paths.map((path) => pathToUri(path, 'windows'))).toEqual([
      'file:///C:/work/sp%20ace%2520%23%C3%A9;~.txt',
      'file:///C:/',
      'file:///c:/a%20b/c',
      'file://host/share/a%23b',
      'file://host/share/c',
    ]);
  });

  it('pass the schema on every machine, and what is a path nowhere does not', () => {
    const texts = [
      'C:\\a',
      'file:///C:/a',
      '\\\\host\\share',
      '/a',
      'file:///a',
      'C:a',
      'a',
      'x:/y',
    ];
    expect(texts.filter((text) => PathTextSchema.safeParse(text).success)).toEqual(
      texts.filter((text) => !['C:a', 'a'].includes(text)),
    );
  });
});
