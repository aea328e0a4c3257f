import { chmod, lstat, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { base64, ok, refused } from './harness/agent';
import { conformance } from './harness/conformance';
import type { Stage } from './harness/conformance';
import { wording } from './harness/difference';

const absent = refused(-32004, 'No such file or directory (os error 2)');
const exists = refused(-32603, 'File exists (os error 17)');
const noDirectory = refused(-32603, 'Not a directory (os error 20)');
const isDirectory = refused(-32603, 'Is a directory (os error 21)');
const loop = refused(
  -32603,
  wording('Too many levels of symbolic links (os error 40)', 'Symbolic link loop (os error 40)'),
);

const contentOf = ({ folder }: Stage, ...names: string[]): Promise<string> =>
  readFile(join(folder, ...names), 'utf8');

/** Whether there is anything, a dangling link too. */
async function isThere({ folder }: Stage, name: string): Promise<boolean> {
  return lstat(join(folder, name)).then(
    () => true,
    () => false,
  );
}

conformance('fs/writeFile', (scenario) => {
  scenario('creates a file, then replaces what is in it and keeps its mode', async (stage) => {
    const agent = await stage.open();
    const path = join(stage.folder, 'file');
    const write = (text: string) => ({ path: stage.uri('file'), dataBase64: base64(text) });
    await agent.asks('fs/writeFile', write('one long text'), ok());
    agent.sees(await contentOf(stage, 'file'), 'one long text');
    await chmod(path, 0o750);
    const { ino } = await stat(path);
    await agent.asks('fs/writeFile', write('2'), ok());
    const after = await stat(path);
    agent.sees(
      [await contentOf(stage, 'file'), (after.mode & 0o777).toString(8), after.ino === ino],
      ['2', '750', true],
    );
  });

  scenario('writes through links, a dangling one too', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'file'), 'before');
    await symlink('file', join(stage.folder, 'toFile'));
    await symlink('made', join(stage.folder, 'dangling'));
    const write = (name: string) => ({ path: stage.uri(name), dataBase64: base64('after') });
    await agent.talks([
      ['fs/writeFile', write('toFile'), ok()],
      ['fs/writeFile', write('dangling'), ok()],
    ]);
    agent.sees(
      [await contentOf(stage, 'file'), await contentOf(stage, 'made')],
      ['after', 'after'],
    );
  });

  scenario('without following links it refuses them', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'file'), 'before');
    await symlink('file', join(stage.folder, 'toFile'));
    const write = (name: string) => ({
      path: stage.uri(name),
      dataBase64: base64('after'),
      followSymlinks: false,
    });
    await agent.talks([
      ['fs/writeFile', write('toFile'), loop],
      ['fs/writeFile', write('plain'), ok()],
    ]);
    agent.sees(
      [await contentOf(stage, 'file'), await contentOf(stage, 'plain')],
      ['before', 'after'],
    );
  });

  scenario('needs a directory to write in and a file to write to', async (stage) => {
    const agent = await stage.open();
    await mkdir(join(stage.folder, 'dir'));
    await writeFile(join(stage.folder, 'file'), '');
    const write = (...names: string[]) => ({ path: stage.uri(...names), dataBase64: '' });
    await agent.talks([
      ['fs/writeFile', write('nothing', 'below'), absent],
      ['fs/writeFile', write('dir'), isDirectory],
      ['fs/writeFile', write('file', 'below'), noDirectory],
    ]);
  });

  scenario('takes padded standard base64 and nothing else', async (stage) => {
    const agent = await stage.open();
    const write = (dataBase64: string) => ({ path: stage.uri('file'), dataBase64 });
    const fault = (detail: string) =>
      refused(-32600, `fs/writeFile requires valid base64 dataBase64: ${detail}`);
    await agent.talks([
      ['fs/writeFile', write('%%%'), fault('Invalid symbol 37, offset 0.')],
      ['fs/writeFile', write('YQ'), fault('Invalid padding')],
      ['fs/writeFile', write('_-8='), fault('Invalid symbol 95, offset 0.')],
      ['fs/writeFile', write('/+8='), ok()],
      ['fs/writeFile', write(''), ok()],
      ['fs/writeFile', { path: stage.uri('file') }, refused(-32602, 'missing field `dataBase64`')],
    ]);
  });
});

conformance('fs/createDirectory', (scenario) => {
  scenario(
    'makes parents and is content with what is there, unless told otherwise',
    async (stage) => {
      const agent = await stage.open();
      const make = (recursive: unknown, ...names: string[]) => ({
        path: stage.uri(...names),
        ...(recursive === undefined ? {} : { recursive }),
      });
      await agent.talks([
        ['fs/createDirectory', make(undefined, 'a'), ok()],
        ['fs/createDirectory', make(undefined, 'a'), ok()],
        ['fs/createDirectory', make(null, 'a'), ok()],
        ['fs/createDirectory', make(true, 'b', 'c', 'd'), ok()],
        ['fs/createDirectory', make(undefined, 'e', 'f'), ok()],
        ['fs/createDirectory', make(false, 'a'), exists],
        ['fs/createDirectory', make(false, 'x', 'y'), absent],
        ['fs/createDirectory', make(false, 'g'), ok()],
      ]);
      agent.sees((await readdir(stage.folder)).sort(), ['a', 'b', 'e', 'g']);
    },
  );

  scenario('a file in the way', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'file'), '');
    await agent.talks([
      ['fs/createDirectory', { path: stage.uri('file') }, exists],
      ['fs/createDirectory', { path: stage.uri('file'), recursive: false }, exists],
      ['fs/createDirectory', { path: stage.uri('file', 'below') }, noDirectory],
    ]);
  });
});

conformance('fs/remove', (scenario) => {
  scenario(
    'removes trees and does not mind what is not there, unless told otherwise',
    async (stage) => {
      const agent = await stage.open();
      await mkdir(join(stage.folder, 'tree', 'deep'), { recursive: true });
      await writeFile(join(stage.folder, 'tree', 'deep', 'file'), '');
      await mkdir(join(stage.folder, 'empty'));
      const remove = (name: string, more = {}) => ({ path: stage.uri(name), ...more });
      await agent.talks([
        [
          'fs/remove',
          remove('tree', { recursive: false }),
          refused(-32603, 'Directory not empty (os error 39)'),
        ],
        ['fs/remove', remove('tree'), ok()],
        ['fs/remove', remove('tree'), ok()],
        ['fs/remove', remove('tree', { recursive: false, force: true }), ok()],
        ['fs/remove', remove('tree', { force: false }), absent],
        ['fs/remove', remove('empty', { recursive: false }), ok()],
      ]);
      agent.sees(await readdir(stage.folder), []);
    },
  );

  scenario('force forgives only what is not there', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'file'), '');
    await agent.asks('fs/remove', { path: stage.uri('file', 'below'), force: true }, noDirectory);
  });

  scenario('a link is removed itself, never what it leads to', async (stage) => {
    const agent = await stage.open();
    await mkdir(join(stage.folder, 'dir'));
    await writeFile(join(stage.folder, 'dir', 'file'), 'kept');
    await symlink('dir', join(stage.folder, 'toDir'));
    await symlink('nothing', join(stage.folder, 'dangling'));
    await agent.talks([
      ['fs/remove', { path: stage.uri('toDir'), recursive: true }, ok()],
      ['fs/remove', { path: stage.uri('dangling') }, ok()],
    ]);
    agent.sees(
      [await readdir(stage.folder), await contentOf(stage, 'dir', 'file')],
      [['dir'], 'kept'],
    );
  });

  scenario('without following links it removes one thing at a time', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'file'), '');
    await writeFile(join(stage.folder, 'other'), '');
    const remove = (name: string, recursive: boolean) => ({
      path: stage.uri(name),
      recursive,
      followSymlinks: false,
    });
    await agent.talks([
      [
        'fs/remove',
        remove('file', true),
        refused(-32603, 'recursive no-follow removal is unsupported'),
      ],
      ['fs/remove', remove('other', false), ok()],
    ]);
    agent.sees(await isThere(stage, 'file'), true);
  });
});
