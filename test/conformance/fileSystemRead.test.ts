import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { base64, ok, refused } from './harness/agent';
import { conformance } from './harness/conformance';
import type { Stage } from './harness/conformance';
import { wording } from './harness/difference';
import { MAYBE_TIME, TIME } from './harness/normalise';

const absent = refused(-32004, 'No such file or directory (os error 2)');
const noDirectory = refused(-32603, 'Not a directory (os error 20)');
const loop = refused(
  -32603,
  wording('Too many levels of symbolic links (os error 40)', 'Symbolic link loop (os error 40)'),
);
const link = refused(-32600, 'path contains a symbolic link');

/** A file, a directory, and links to a file, to a directory, to nothing and to each other. */
async function furnish({ folder }: Stage): Promise<void> {
  await writeFile(join(folder, 'file'), 'hello');
  await mkdir(join(folder, 'dir', '.hidden'), { recursive: true });
  await writeFile(join(folder, 'dir', 'inner'), 'x');
  await symlink('file', join(folder, 'toFile'));
  await symlink('dir', join(folder, 'toDir'));
  await symlink('nothing', join(folder, 'dangling'));
  await symlink('loop2', join(folder, 'loop1'));
  await symlink('loop1', join(folder, 'loop2'));
}

async function makeFifo(stage: Stage): Promise<void> {
  const agent = await stage.open();
  await agent.runs(stage.shell('mkfifo', 'mkfifo fifo'));
}

const metadata = (kind: 'file' | 'directory' | 'other', size: unknown, isSymlink = false) =>
  ok({
    isDirectory: kind === 'directory',
    isFile: kind === 'file',
    isSymlink,
    size,
    createdAtMs: MAYBE_TIME,
    modifiedAtMs: TIME,
  });

conformance('fs/getMetadata', (scenario) => {
  scenario('tells what a path leads to, and whether by a link', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await makeFifo(stage);
    await agent.talks([
      ['fs/getMetadata', { path: stage.uri('file') }, metadata('file', 5)],
      ['fs/getMetadata', { path: stage.uri('toFile') }, metadata('file', 5, true)],
      ['fs/getMetadata', { path: stage.uri('fifo') }, metadata('other', 0)],
    ]);
    const kinds: unknown[] = [];
    for (const name of ['dir', 'toDir', 'dir/']) {
      const { isDirectory, isFile, isSymlink } = await agent.result<Record<string, unknown>>(
        'fs/getMetadata',
        { path: `${stage.uri()}/${name}` },
      );
      kinds.push([name, isDirectory, isFile, isSymlink]);
    }
    agent.sees(kinds, [
      ['dir', true, false, false],
      ['toDir', true, false, true],
      ['dir/', true, false, false],
    ]);
  });

  scenario('what leads nowhere', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await agent.talks([
      ['fs/getMetadata', { path: stage.uri('nothing') }, absent],
      ['fs/getMetadata', { path: stage.uri('dangling') }, absent],
      ['fs/getMetadata', { path: stage.uri('file', 'below') }, noDirectory],
      ['fs/getMetadata', { path: stage.uri('loop1') }, loop],
      [
        'fs/getMetadata',
        { path: stage.uri('n'.repeat(300)) },
        refused(
          -32603,
          wording('File name too long (os error 36)', 'Filename too long (os error 36)'),
        ),
      ],
    ]);
  });

  scenario(
    'without following links a link is refused, and one on the way is no directory',
    async (stage) => {
      const agent = await stage.open();
      await furnish(stage);
      const ask = (name: string, followSymlinks: unknown) => ({
        path: `${stage.uri()}/${name}`,
        followSymlinks,
      });
      await agent.talks([
        ['fs/getMetadata', ask('file', false), metadata('file', 5)],
        ['fs/getMetadata', ask('toFile', false), link],
        ['fs/getMetadata', ask('dangling', false), link],
        ['fs/getMetadata', ask('toDir/inner', false), noDirectory],
        ['fs/getMetadata', ask('toFile', true), metadata('file', 5, true)],
        ['fs/getMetadata', ask('toFile', null), metadata('file', 5, true)],
        [
          'fs/getMetadata',
          ask('toFile', 5),
          refused(
            -32602,
            wording(
              'invalid type: number, expected a boolean at `followSymlinks`',
              'invalid type: number, expected a boolean',
            ),
          ),
        ],
      ]);
    },
  );
});

conformance('fs/readFile', (scenario) => {
  scenario('gives a whole file as base64', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    await writeFile(join(stage.folder, 'bytes'), bytes);
    await writeFile(join(stage.folder, 'empty'), '');
    await agent.talks([
      ['fs/readFile', { path: stage.uri('file') }, ok({ dataBase64: base64('hello') })],
      ['fs/readFile', { path: stage.uri('toFile') }, ok({ dataBase64: base64('hello') })],
      ['fs/readFile', { path: stage.uri('toDir', 'inner') }, ok({ dataBase64: base64('x') })],
      ['fs/readFile', { path: stage.uri('bytes') }, ok({ dataBase64: bytes.toString('base64') })],
      ['fs/readFile', { path: stage.uri('empty') }, ok({ dataBase64: '' })],
    ]);
  });

  scenario('gives files that do not say how long they are', async (stage) => {
    const agent = await stage.open();
    const { dataBase64 } = await agent.result<{ dataBase64: string }>('fs/readFile', {
      path: 'file:///proc/self/stat',
    });
    agent.sees(Buffer.from(dataBase64, 'base64').length > 20, true);
  });

  scenario('reads regular files only', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await makeFifo(stage);
    const notAFile = (path: string) => refused(-32600, `path \`${path}\` is not a file`);
    await agent.talks([
      ['fs/readFile', { path: stage.uri('dir') }, notAFile(join(stage.folder, 'dir'))],
      ['fs/readFile', { path: stage.uri('fifo') }, notAFile(join(stage.folder, 'fifo'))],
      ['fs/readFile', { path: 'file:///dev/null' }, notAFile('/dev/null')],
    ]);
  });

  scenario('gives at most 512 MiB, and says so', async (stage) => {
    const agent = await stage.open();
    const limit = 512 * 1024 * 1024;
    await writeFile(join(stage.folder, 'huge'), '');
    await truncate(join(stage.folder, 'huge'), limit + 1);
    await agent.asks(
      'fs/readFile',
      { path: stage.uri('huge') },
      refused(-32600, `file is too large to read: limit is ${limit} bytes`),
    );
  });

  scenario('a sandbox that is null is none', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await agent.asks(
      'fs/readFile',
      { path: stage.uri('file'), sandbox: null },
      ok({ dataBase64: base64('hello') }),
    );
  });

  scenario('what is not there is not found', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await agent.talks([
      ['fs/readFile', { path: stage.uri('nothing') }, absent],
      ['fs/readFile', { path: stage.uri('dangling') }, absent],
      ['fs/readFile', { path: stage.uri('nothing', 'below') }, absent],
      ['fs/readFile', { path: stage.uri('file', 'below') }, noDirectory],
      ['fs/readFile', { path: stage.uri('loop1') }, loop],
      ['fs/readFile', {}, refused(-32602, 'missing field `path`')],
    ]);
  });

  scenario('without following links a link is one level too many', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await agent.talks([
      ['fs/readFile', { path: stage.uri('toFile'), followSymlinks: false }, loop],
      ['fs/readFile', { path: stage.uri('toDir', 'inner'), followSymlinks: false }, noDirectory],
      [
        'fs/readFile',
        { path: stage.uri('file'), followSymlinks: false },
        ok({ dataBase64: base64('hello') }),
      ],
    ]);
  });
});

conformance('fs/readDirectory', (scenario) => {
  scenario(
    'lists names with what they lead to, those that lead nowhere left out',
    async (stage) => {
      const agent = await stage.open();
      await furnish(stage);
      await makeFifo(stage);
      interface Entry {
        readonly fileName: string;
      }
      const { entries } = await agent.result<{ entries: Entry[] }>('fs/readDirectory', {
        path: stage.uri(),
      });
      // The order is the system's.
      const sorted = [...entries].sort((a, b) => (a.fileName < b.fileName ? -1 : 1));
      const entry = (fileName: string, isDirectory: boolean, isFile: boolean) => ({
        fileName,
        isDirectory,
        isFile,
      });
      agent.sees(sorted, [
        entry('dir', true, false),
        entry('fifo', false, false),
        entry('file', false, true),
        entry('toDir', true, false),
        entry('toFile', false, true),
      ]);
    },
  );

  scenario('lists hidden names, through links too, and an empty directory', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    const hidden = { fileName: '.hidden', isDirectory: true, isFile: false };
    for (const name of ['dir', 'toDir']) {
      const { entries } = await agent.result<{ entries: unknown[] }>('fs/readDirectory', {
        path: stage.uri(name),
      });
      agent.sees(
        [entries.length, entries.some((entry) => JSON.stringify(entry) === JSON.stringify(hidden))],
        [2, true],
      );
    }
    await agent.asks(
      'fs/readDirectory',
      { path: stage.uri('dir', '.hidden') },
      ok({ entries: [] }),
    );
  });

  scenario('lists directories only', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await agent.talks([
      ['fs/readDirectory', { path: stage.uri('file') }, noDirectory],
      ['fs/readDirectory', { path: stage.uri('nothing') }, absent],
      ['fs/readDirectory', {}, refused(-32602, 'missing field `path`')],
    ]);
  });
});

conformance('fs/canonicalize', (scenario) => {
  scenario('gives the real path of what is there', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await writeFile(join(stage.folder, 'sp ace%20#é.txt'), '');
    const ask = (text: string, real: string) =>
      ['fs/canonicalize', { path: text }, ok({ path: real })] as const;
    await agent.talks([
      ask(stage.uri('toFile'), stage.uri('file')),
      ask(stage.uri('toDir', 'inner'), stage.uri('dir', 'inner')),
      ask(`${stage.uri()}/dir/../file`, stage.uri('file')),
      ask(`${stage.uri()}/dir/`, stage.uri('dir')),
      ask(stage.uri('sp ace%20#é.txt'), `${stage.uri()}/sp%20ace%2520%23%C3%A9.txt`),
    ]);
  });

  scenario('has nothing to say about what is not there', async (stage) => {
    const agent = await stage.open();
    await furnish(stage);
    await agent.talks([
      ['fs/canonicalize', { path: stage.uri('nothing') }, absent],
      ['fs/canonicalize', { path: stage.uri('dangling') }, absent],
      ['fs/canonicalize', { path: stage.uri('loop1') }, loop],
    ]);
  });
});
