import { expect, it } from 'vitest';
import { pathsInLine } from '../../../../src/extension/terminals/remotePaths';

it.each([
  ['/srv/app/main.c:3:5: error', ['/srv/app/main.c:3:5']],
  ['at C:\\srv\\app\\a.cs and D:/x/y', ['C:\\srv\\app\\a.cs', 'D:/x/y']],
  ['see src/index.ts, ./a/b or ~/notes/x', ['src/index.ts,', './a/b', '~/notes/x']],
  ['main.c:12 fails', ['main.c:12']],
  ['file:///srv/app/a', ['file:///srv/app/a']],
  ['\\\\host\\share\\a', ['\\\\host\\share\\a']],
  ['open https://box.example/a/b now', []],
  ['nothing to see', []],
  ['/'.repeat(5000), []],
])('finds what a terminal would look for among local files: %s', (line, paths) => {
  const found = pathsInLine(line).map(({ start, length }) => line.slice(start, start + length));
  expect(found).toEqual(paths);
});
