/** Files by their names; a name with a slash is in a folder. */
export type PatchFolder = Readonly<Record<string, string>>;

/** A patch, what it finds, and what has become of it. */
export interface PatchCase {
  readonly name: string;
  readonly before: PatchFolder;
  readonly patch: string;
  /** What is there afterwards; absent: it is refused, and nothing has changed. */
  readonly after?: PatchFolder;
  /** Why the Codex CLI leaves something else behind; absent: it leaves the same. */
  readonly codexDiffers?: string;
}

const patch = (...lines: readonly string[]): string =>
  ['*** Begin Patch', ...lines, '*** End Patch'].join('\n');
const update = (path: string, ...lines: readonly string[]): string =>
  patch(`*** Update File: ${path}`, ...lines);

const abc = { f: 'a\nb\nc\n' };

export const patchCases: readonly PatchCase[] = [
  {
    name: 'replaces a line',
    before: abc,
    patch: update('f', '@@', '-b', '+B'),
    after: { f: 'a\nB\nc\n' },
  },
  {
    name: 'takes the first chunk without its @@',
    before: abc,
    patch: update('f', ' a', '-b', '+B', ' c'),
    after: { f: 'a\nB\nc\n' },
  },
  {
    name: 'finds the place by a line before it',
    before: { f: 'one\nx\ntwo\nx\n' },
    patch: update('f', '@@ two', '-x', '+y'),
    after: { f: 'one\nx\ntwo\ny\n' },
  },
  {
    name: 'applies several chunks in order',
    before: { f: 'a\nb\nc\nd\ne\n' },
    patch: update('f', '@@', '-a', '+A', '@@', '-c', '+C', '@@', ' d', '+D', ' e'),
    after: { f: 'A\nb\nC\nd\nD\ne\n' },
  },
  {
    name: 'refuses chunks that are not in the order of the file',
    before: abc,
    patch: update('f', '@@', '-c', '+C', '@@', '-a', '+A'),
  },
  {
    name: 'adds lines without a place at the end',
    before: abc,
    patch: update('f', '@@', '+d', '+e'),
    after: { f: 'a\nb\nc\nd\ne\n' },
  },
  {
    name: 'adds at the end also after a line of context',
    before: abc,
    patch: update('f', '@@ a', '+d'),
    after: { f: 'a\nb\nc\nd\n' },
  },
  {
    name: 'adds to an empty file',
    before: { f: '' },
    patch: update('f', '@@', '+a'),
    after: { f: 'a\n' },
  },
  {
    name: 'removes all lines',
    before: { f: 'a\n' },
    patch: update('f', '@@', '-a'),
    after: { f: '' },
  },
  {
    name: 'keeps the line endings of Windows',
    before: { f: 'a\r\nb\r\nc\r\n' },
    patch: update('f', '@@', ' a', '-b', '+B', '+D'),
    after: { f: 'a\r\nB\r\nD\r\nc\r\n' },
  },
  {
    name: 'ends its lines as most of the file, and leaves the others',
    before: { f: 'a\r\nb\nc\r\nd\ne\r\n' },
    patch: update('f', '@@', '-b', '+B'),
    after: { f: 'a\r\nB\r\nc\r\nd\ne\r\n' },
  },
  {
    name: 'ends its lines plainly where most are',
    before: { f: 'a\r\nb\nc\n' },
    patch: update('f', '@@', '-b', '+B'),
    after: { f: 'a\r\nB\nc\n' },
    codexDiffers: 'it ends them as the first line',
  },
  {
    name: 'reads a patch with the line endings of Windows',
    before: abc,
    patch: update('f', '@@', '-b', '+B').replaceAll('\n', '\r\n'),
    after: { f: 'a\nB\nc\n' },
  },
  {
    name: 'keeps a missing line break at the end',
    before: { f: 'a\nb' },
    patch: update('f', '@@', '-b', '+B', '+C'),
    after: { f: 'a\nB\nC' },
    codexDiffers: 'it ends the last line',
  },
  {
    name: 'keeps a missing line break when the end is another part',
    before: { f: 'a\nb' },
    patch: update('f', '@@', '-a', '+A'),
    after: { f: 'A\nb' },
    codexDiffers: 'it ends the last line',
  },
  {
    name: 'keeps a byte order mark',
    before: { f: '\ufeffa\nb\n' },
    patch: update('f', '@@', '-a', '+A'),
    after: { f: '\ufeffA\nb\n' },
    codexDiffers: 'it does not find the first line',
  },
  {
    name: 'finds lines with other spaces at their end, and leaves those of the context',
    before: { f: 'a  \nb\t\nc\n' },
    patch: update('f', '@@', ' a', '-b', '+B'),
    after: { f: 'a  \nB\nc\n' },
  },
  {
    name: 'finds lines with another indentation, and leaves the one of the context',
    before: { f: '  a\n    b\n' },
    patch: update('f', '@@', ' a', '-b', '+B'),
    after: { f: '  a\nB\n' },
  },
  {
    name: 'finds lines with typographic punctuation',
    before: { f: 'say \u201chi\u201d \u2013 now\n' },
    patch: update('f', '@@', '-say "hi" - now', '+done'),
    after: { f: 'done\n' },
  },
  {
    name: 'prefers the exact line to an earlier similar one',
    before: { f: ' x\nx\n' },
    patch: update('f', '@@', '-x', '+y'),
    after: { f: ' x\ny\n' },
  },
  {
    name: 'finds the end of the file',
    before: { f: 'x\nmiddle\nx\n' },
    patch: update('f', '@@', '-x', '+y', '*** End of File'),
    after: { f: 'x\nmiddle\ny\n' },
  },
  {
    name: 'refuses lines that are not at the end of the file',
    before: abc,
    patch: update('f', '@@', '-a', '+A', '*** End of File'),
  },
  {
    name: 'takes an empty line for an empty line of context',
    before: { f: 'a\n\nb\n' },
    patch: update('f', '@@', ' a', '', '-b', '+B'),
    after: { f: 'a\n\nB\n' },
  },
  {
    name: 'forgives an empty line counted at the end',
    before: { f: 'a\nb\n' },
    patch: update('f', '@@', ' a', '-b', '+B', ' '),
    after: { f: 'a\nB\n' },
  },
  {
    name: 'refuses lines that are not there',
    before: abc,
    patch: update('f', '@@', '-nothing', '+B'),
  },
  {
    name: 'refuses context that is not there',
    before: abc,
    patch: update('f', '@@ nothing', '-b', '+B'),
  },
  {
    name: 'refuses a line without its sign',
    before: abc,
    patch: update('f', '@@', 'b'),
  },
  {
    name: 'refuses an update without changes',
    before: abc,
    patch: update('f'),
  },
  {
    name: 'refuses to change what is not there',
    before: {},
    patch: update('f', '@@', '-b', '+B'),
  },
  {
    name: 'writes a file',
    before: {},
    patch: patch('*** Add File: f', '+a', '+', '+b'),
    after: { f: 'a\n\nb\n' },
  },
  {
    name: 'writes an empty file',
    before: {},
    patch: patch('*** Add File: f'),
    after: { f: '' },
  },
  {
    name: 'writes a file into folders that are not there',
    before: {},
    patch: patch('*** Add File: x/y/f', '+a'),
    after: { 'x/y/f': 'a\n' },
  },
  {
    name: 'writes over a file',
    before: abc,
    patch: patch('*** Add File: f', '+x'),
    after: { f: 'x\n' },
  },
  {
    name: 'keeps plus signs of the text',
    before: {},
    patch: patch('*** Add File: f', '++a', '+*** End Patch'),
    after: { f: '+a\n*** End Patch\n' },
  },
  {
    name: 'deletes a file',
    before: { ...abc, g: 'x\n' },
    patch: patch('*** Delete File: f'),
    after: { g: 'x\n' },
  },
  {
    name: 'refuses to delete what is not there',
    before: abc,
    patch: patch('*** Delete File: g'),
  },
  {
    name: 'refuses to delete a folder',
    before: { 'd/f': 'a\n' },
    patch: patch('*** Delete File: d'),
  },
  {
    name: 'moves a file with changes',
    before: abc,
    patch: update('f', '*** Move to: x/g', '@@', '-b', '+B'),
    after: { 'x/g': 'a\nB\nc\n' },
  },
  {
    name: 'moves a file over another one',
    before: { ...abc, g: 'x\n' },
    patch: update('f', '*** Move to: g', '@@', '-b', '+B'),
    after: { g: 'a\nB\nc\n' },
  },
  {
    name: 'keeps a file that is moved to itself',
    before: abc,
    patch: update('f', '*** Move to: f', '@@', '-b', '+B'),
    after: { f: 'a\nB\nc\n' },
    codexDiffers: 'it deletes the file',
  },
  {
    name: 'refuses to move without changes',
    before: abc,
    patch: update('f', '*** Move to: g'),
  },
  {
    name: 'works on several files',
    before: { ...abc, g: 'x\n', h: 'y\n' },
    patch: patch(
      '*** Update File: f',
      '@@',
      '-b',
      '+B',
      '*** Delete File: g',
      '*** Add File: i',
      '+n',
      '*** Update File: h',
      '@@',
      '-y',
      '+Y',
    ),
    after: { f: 'a\nB\nc\n', h: 'Y\n', i: 'n\n' },
  },
  {
    name: 'changes a file twice',
    before: abc,
    patch: patch('*** Update File: f', '@@', '-b', '+B', '*** Update File: f', '@@', '-B', '+BB'),
    after: { f: 'a\nBB\nc\n' },
  },
  {
    name: 'changes what it has written',
    before: {},
    patch: patch('*** Add File: f', '+a', '*** Update File: f', '@@', '-a', '+A'),
    after: { f: 'A\n' },
  },
  {
    name: 'changes nothing when a later file does not fit',
    before: { ...abc, g: 'x\n' },
    patch: patch('*** Update File: f', '@@', '-b', '+B', '*** Update File: g', '@@', '-z', '+Z'),
    codexDiffers: 'it has changed the files before',
  },
  {
    name: 'forgives spaces around its head and foot',
    before: abc,
    patch: `  ${update('f', '@@', '-b', '+B')}  \n`,
    after: { f: 'a\nB\nc\n' },
  },
  {
    name: 'takes the heredoc of a shell',
    before: abc,
    patch: `<<'EOF'\n${update('f', '@@', '-b', '+B')}\nEOF`,
    after: { f: 'a\nB\nc\n' },
  },
  { name: 'refuses a patch without its head', before: abc, patch: '*** Add File: g\n+x' },
  {
    name: 'refuses a patch without its foot',
    before: abc,
    patch: '*** Begin Patch\n*** Add File: g\n+x',
  },
  { name: 'refuses an unknown action', before: abc, patch: patch('*** Rename File: f') },
  { name: 'refuses an empty patch', before: abc, patch: patch() },
  {
    name: 'skips empty lines between chunks and files',
    before: { ...abc, g: 'x\n' },
    patch: patch(
      '*** Update File: f',
      '',
      '@@',
      '-b',
      '+B',
      '*** Update File: g',
      '@@',
      '-x',
      '+y',
      '',
    ),
    after: { f: 'a\nB\nc\n', g: 'y\n' },
  },
  {
    name: 'follows names with spaces',
    before: { 'a b': 'x\n' },
    patch: update('a b', '@@', '-x', '+y'),
    after: { 'a b': 'y\n' },
  },
];
