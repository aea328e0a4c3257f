import { chmod, readFile, readdir, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, refused } from './harness/agent';
import { conformance } from './harness/conformance';
import type { Stage } from './harness/conformance';
import { differs } from './harness/difference';

const absent = refused(-32004, 'No such file or directory (os error 2)');
const exists = refused(-32603, 'File exists (os error 17)');
const isDirectory = refused(-32603, 'Is a directory (os error 21)');

const contentOf = ({ folder }: Stage, ...names: string[]): Promise<string> =>
  readFile(join(folder, ...names), 'utf8');

conformance('fs/copy', (scenario) => {
  const copy = (stage: Stage, from: string, to: string, recursive = false) => ({
    sourcePath: stage.uri(from),
    destinationPath: stage.uri(to),
    recursive,
  });

  scenario('copies a file with its permissions, over another one too', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'file'), 'content');
    await chmod(join(stage.folder, 'file'), 0o741);
    await writeFile(join(stage.folder, 'there'), 'longer than the other');
    await agent.talks([
      ['fs/copy', copy(stage, 'file', 'fresh'), ok()],
      ['fs/copy', copy(stage, 'file', 'there', true), ok()],
    ]);
    for (const name of ['fresh', 'there']) {
      const { mode } = await stat(join(stage.folder, name));
      agent.sees([await contentOf(stage, name), (mode & 0o777).toString(8)], ['content', '741']);
    }
  });

  scenario('needs recursive, whatever it is', async (stage) => {
    const agent = await stage.open();
    const { sourcePath, destinationPath } = copy(stage, 'a', 'b');
    await agent.asks(
      'fs/copy',
      { sourcePath, destinationPath },
      refused(-32602, 'missing field `recursive`'),
    );
  });

  scenario('what it refuses to copy, and where to', async (stage) => {
    const agent = await stage.open();
    await agent.runs(stage.shell('mk', 'mkfifo fifo; mkdir dir; echo x > file'));
    const intoItself = refused(
      -32600,
      'fs/copy cannot copy a directory to itself or one of its descendants',
    );
    await agent.talks([
      ['fs/copy', copy(stage, 'nothing', 'x'), absent],
      ['fs/copy', copy(stage, 'file', 'nothing/x'), absent],
      ['fs/copy', copy(stage, 'file', 'dir'), isDirectory],
      ['fs/copy', copy(stage, 'dir', 'file', true), exists],
      [
        'fs/copy',
        copy(stage, 'dir', 'x'),
        refused(-32600, 'fs/copy requires recursive: true when sourcePath is a directory'),
      ],
      ['fs/copy', copy(stage, 'dir', 'dir', true), intoItself],
      ['fs/copy', copy(stage, 'dir', 'dir/below', true), intoItself],
      [
        'fs/copy',
        copy(stage, 'fifo', 'x'),
        refused(-32600, 'fs/copy only supports regular files, directories, and symlinks'),
      ],
    ]);
  });

  scenario('merges a tree into what is there, links as links, specials left out', async (stage) => {
    const agent = await stage.open();
    const script =
      'mkdir -p from/sub to/sub; echo a > from/a; echo b > from/sub/b; ln -s nowhere from/link;' +
      'mkfifo from/fifo; echo other > to/a; echo kept > to/sub/kept';
    await agent.runs(stage.shell('mk', script));
    await agent.asks('fs/copy', copy(stage, 'from', 'to', true), ok());
    agent.sees(
      {
        to: (await readdir(join(stage.folder, 'to'))).sort(),
        sub: (await readdir(join(stage.folder, 'to', 'sub'))).sort(),
        a: await contentOf(stage, 'to', 'a'),
        link: await readlink(join(stage.folder, 'to', 'link')),
      },
      { to: ['a', 'link', 'sub'], sub: ['b', 'kept'], a: 'a\n', link: 'nowhere' },
    );
    // A link that is there already is not replaced.
    await agent.asks('fs/copy', copy(stage, 'from', 'to', true), exists);
  });

  scenario('copies a link as a link, with the same text', async (stage) => {
    const agent = await stage.open();
    await agent.runs(stage.shell('mk', 'echo x > file; ln -s file link; ln -s nowhere dangling'));
    await agent.talks([
      ['fs/copy', copy(stage, 'link', 'link2'), ok()],
      ['fs/copy', copy(stage, 'dangling', 'dangling2'), ok()],
      ['fs/copy', copy(stage, 'link', 'link2'), exists],
    ]);
    agent.sees(
      await Promise.all(['link2', 'dangling2'].map((name) => readlink(join(stage.folder, name)))),
      ['file', 'nowhere'],
    );
  });

  scenario('a file onto itself', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'file'), 'content');
    await agent.asks('fs/copy', copy(stage, 'file', 'file'), ok());
    agent.sees(
      await contentOf(stage, 'file'),
      differs({ ours: 'content', peer: '', because: 'the peer empties the file' }),
    );
  });
});
