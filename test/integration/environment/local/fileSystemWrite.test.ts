import {
  chmod,
  link,
  mkdir,
  readFile,
  readdir,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { follow, makeFifo, noFollow, onUnix, refusal, useFileSystem } from './fileSystemFixture';

const fixture = useFileSystem();

const isLinux = process.platform === 'linux';
const notFound = '-32004 No such file or directory (os error 2)';
const notADirectory = '-32603 Not a directory (os error 20)';
const isADirectory = '-32603 Is a directory (os error 21)';
const exists = '-32603 File exists (os error 17)';
const notEmpty = expect.stringMatching(/^-32603 Directory not empty/);
const loop = expect.stringMatching(/^-32603 .*\(os error (?:40|62)\)$/);
const hasLink = '-32600 path contains a symbolic link';
const content = Buffer.from('content');

const textOf = (...names: string[]) => readFile(fixture.at(...names), 'utf8');
const write = (name: string, data = content, options = follow) =>
  fixture.files.writeFile(fixture.at(name), data, options);
const modeOf = async (name: string) => ((await stat(fixture.at(name))).mode & 0o7777).toString(8);

describe.skipIf(!onUnix)('writeFile', () => {
  it('creates, replaces and empties', async () => {
    await write('w');
    expect(await textOf('w')).toBe('content');
    await write('w', Buffer.from('2'));
    expect(await textOf('w')).toBe('2');
    await write('w', Buffer.alloc(0));
    expect(await textOf('w')).toBe('');
  });

  it('gives a created file the usual permissions and keeps those of one that exists', async () => {
    await writeFile(fixture.at('usual'), 'x');
    await write('fresh');
    expect(await modeOf('fresh')).toBe(await modeOf('usual'));
    await writeFile(fixture.at('tool'), 'x');
    await chmod(fixture.at('tool'), 0o751);
    await write('tool');
    expect([await modeOf('tool'), await textOf('tool')]).toEqual(['751', 'content']);
  });

  it('keeps the file itself, so that hard links see the change', async () => {
    await writeFile(fixture.at('a'), 'x');
    await link(fixture.at('a'), fixture.at('b'));
    await write('a');
    expect(await textOf('b')).toBe('content');
  });

  it('writes through links, also to a target that is not there yet', async () => {
    await writeFile(fixture.at('a.txt'), 'x');
    await symlink('a.txt', fixture.at('link'));
    await symlink('made.txt', fixture.at('broken'));
    await symlink(fixture.at('broken'), fixture.at('twice'));
    await write('link');
    await write('twice');
    expect([await textOf('a.txt'), await textOf('made.txt')]).toEqual(['content', 'content']);
    expect(await readlink(fixture.at('link'))).toBe('a.txt');
  });

  it('refuses missing parents, directories, files taken for directories, and loops', async () => {
    await mkdir(fixture.at('d'));
    await writeFile(fixture.at('a.txt'), 'x');
    await symlink('loop', fixture.at('loop'));
    await symlink('nodir/x', fixture.at('far'));
    const refusals = await Promise.all(
      ['nodir/w', 'd', '.', 'a.txt/x', 'loop', 'far'].map((name) => refusal(write(name))),
    );
    expect(refusals).toEqual([notFound, isADirectory, isADirectory, notADirectory, loop, notFound]);
  });

  it('refuses everything that is not a regular file, without waiting for it', async () => {
    makeFifo(fixture.at('fifo'));
    expect(await refusal(write('fifo'))).toBe(
      `-32600 path \`${fixture.at('fifo')}\` is not a file`,
    );
    fixture.scope.update({ mode: 'unrestricted', roots: [] });
    for (const device of ['/dev/null', '/dev/zero']) {
      expect(await refusal(fixture.files.writeFile(device, content, follow))).toBe(
        `-32600 path \`${device}\` is not a file`,
      );
    }
  });

  it('refuses links when they are not to be followed', async () => {
    await writeFile(fixture.at('a.txt'), 'x');
    await mkdir(fixture.at('d'));
    await symlink('a.txt', fixture.at('link'));
    await symlink('d', fixture.at('dlink'));
    expect(await refusal(write('link', content, noFollow))).toEqual(loop);
    expect(await refusal(write('dlink/x', content, noFollow))).toBe(notADirectory);
    await write('d/x', content, noFollow);
    expect([await textOf('a.txt'), await textOf('d/x')]).toEqual(['x', 'content']);
  });
});

describe.skipIf(!onUnix)('createDirectory', () => {
  const create = (name: string, recursive: boolean, options = follow) =>
    fixture.files.createDirectory(fixture.at(name), { ...options, recursive });

  it('makes parents and is content with what exists, when recursive', async () => {
    await create('m1/x/y', true);
    await create('m1/x/y', true);
    await create('.', true);
    expect((await stat(fixture.at('m1/x/y'))).isDirectory()).toBe(true);
  });

  it('makes one directory only, when not', async () => {
    await create('m1', false);
    expect(await refusal(create('m1', false))).toBe(exists);
    expect(await refusal(create('m2/x', false))).toBe(notFound);
  });

  it('refuses a file in its place or on its way, and links that lead nowhere', async () => {
    await writeFile(fixture.at('a.txt'), '');
    await symlink('nowhere', fixture.at('broken'));
    const refusals = await Promise.all(
      ['a.txt', 'a.txt/x', 'broken', 'broken/x'].map((name) => refusal(create(name, true))),
    );
    expect(refusals).toEqual([exists, notADirectory, exists, exists]);
  });

  it('goes through links to directories, unless they are not to be followed', async () => {
    await mkdir(fixture.at('d'));
    await symlink('d', fixture.at('dlink'));
    await create('dlink', true);
    await create('dlink/x', true);
    expect(await readdir(fixture.at('d'))).toEqual(['x']);
    expect(await refusal(create('dlink/y', true, noFollow))).toBe(notADirectory);
    expect(await refusal(create('dlink', true, noFollow))).toBe(notADirectory);
    expect(await refusal(create('dlink', false, noFollow))).toBe(exists);
    await create('d/z', true, noFollow);
    expect(await readdir(fixture.at('d'))).toEqual(['x', 'z']);
  });

  it('is content when others make the same directories at the same time', async () => {
    await Promise.all(Array.from({ length: 20 }, () => create('a/b/c/d', true)));
    expect((await stat(fixture.at('a/b/c/d'))).isDirectory()).toBe(true);
  });
});

describe.skipIf(!onUnix)('remove', () => {
  const remove = (name: string, options: { recursive?: boolean; force?: boolean } = {}) =>
    fixture.files.remove(fixture.at(name), { ...follow, recursive: true, force: true, ...options });

  it('removes files, fifos and trees with links, and never what links lead to', async () => {
    await mkdir(fixture.at('keep'));
    await writeFile(fixture.at('keep/k'), 'k');
    await mkdir(fixture.at('tree/sub/deep'), { recursive: true });
    await symlink('../keep', fixture.at('tree/dlink'));
    await symlink('../../keep/k', fixture.at('tree/sub/link'));
    await symlink('nowhere', fixture.at('tree/sub/deep/broken'));
    makeFifo(fixture.at('tree/fifo'));
    await writeFile(fixture.at('f'), '');
    await remove('tree');
    await remove('f');
    expect(await readdir(fixture.workspace)).toEqual(['keep']);
    expect(await textOf('keep/k')).toBe('k');
  });

  it('removes a link itself, whatever it leads to', async () => {
    await mkdir(fixture.at('d'));
    await writeFile(fixture.at('d/x'), '');
    await symlink('d', fixture.at('dlink'));
    await symlink('nowhere', fixture.at('broken'));
    await symlink('loop', fixture.at('loop'));
    for (const name of ['dlink', 'broken', 'loop'])
      await remove(name, { recursive: name === 'dlink' });
    expect(await readdir(fixture.workspace)).toEqual(['d']);
    expect(await readdir(fixture.at('d'))).toEqual(['x']);
  });

  it('hides with force that nothing was there, and nothing else', async () => {
    await writeFile(fixture.at('a.txt'), '');
    await remove('nope');
    await remove('nope/deeper', { recursive: false });
    expect(await refusal(remove('nope', { force: false }))).toBe(notFound);
    expect(await refusal(remove('a.txt/x'))).toBe(notADirectory);
  });

  it('removes only empty directories without recursive', async () => {
    await mkdir(fixture.at('empty'));
    await mkdir(fixture.at('full/x'), { recursive: true });
    await remove('empty', { recursive: false });
    expect(await refusal(remove('full', { recursive: false }))).toEqual(notEmpty);
  });

  it('refuses links in the path when they are not to be followed, and trees', async () => {
    await writeFile(fixture.at('a.txt'), '');
    await symlink('a.txt', fixture.at('link'));
    await symlink('.', fixture.at('dlink'));
    const options = { ...noFollow, force: true };
    const inFixture = (name: string, recursive: boolean) =>
      refusal(fixture.files.remove(fixture.at(name), { ...options, recursive }));
    expect(await inFixture('link', false)).toBe(hasLink);
    expect(await inFixture('dlink/a.txt', false)).toBe(notADirectory);
    expect(await inFixture('link', true)).toBe('-32603 recursive no-follow removal is unsupported');
    expect(await inFixture('a.txt', false)).toBe('no failure');
  });

  it.runIf(isLinux)(
    'removes trees deeper than a path may be long, and names that are no text',
    async () => {
      fixture.scope.update({ mode: 'unrestricted', roots: [] });
      const { HeldDirectory } = await import('../../../../src/environment/local/heldDirectory');
      await mkdir(fixture.at('deep'));
      let directory = await HeldDirectory.open(fixture.at('deep'));
      for (let depth = 0; depth < 60; depth += 1) {
        const name = 'n'.repeat(100);
        await mkdir(directory.pathOf(name));
        const next = await directory.enter(name);
        await directory.close();
        directory = next;
      }
      await writeFile(directory.pathOfBytes(Buffer.from([0xff, 0xfe])), '');
      await directory.close();
      await remove('deep');
      expect(await readdir(fixture.workspace)).toEqual([]);
    },
  );

  it('removes many files', async () => {
    await mkdir(fixture.at('many'));
    await Promise.all(
      Array.from({ length: 2000 }, (_, index) => writeFile(fixture.at('many', `${index}`), '')),
    );
    await remove('many');
    expect(await readdir(fixture.workspace)).toEqual([]);
  });

  it('refuses the root of the file system in every mode', async () => {
    fixture.scope.update({ mode: 'unrestricted', roots: [] });
    const call = fixture.files.remove('/', { ...follow, recursive: false, force: true });
    expect(await refusal(call)).toBe('-32600 refused to remove /: it is the root of a file system');
  });
});

describe.skipIf(!onUnix)('copy', () => {
  const copy = (source: string, destination: string, recursive = false) =>
    fixture.files.copy(fixture.at(source), fixture.at(destination), { recursive });

  beforeEach(async () => {
    await writeFile(fixture.at('a.txt'), 'hello');
    await mkdir(fixture.at('d/sub'), { recursive: true });
    await writeFile(fixture.at('d/in.txt'), 'inner');
    await writeFile(fixture.at('d/sub/deep.txt'), 'deep');
  });

  it('copies a file with its permissions, also over another', async () => {
    await chmod(fixture.at('a.txt'), 0o754);
    await copy('a.txt', 'c1');
    await writeFile(fixture.at('c2'), 'something longer than before');
    await copy('a.txt', 'c2');
    expect([await textOf('c1'), await modeOf('c1')]).toEqual(['hello', '754']);
    expect([await textOf('c2'), await modeOf('c2')]).toEqual(['hello', '754']);
  });

  it('does not hand on set-user-id', async () => {
    await chmod(fixture.at('a.txt'), 0o4755);
    await copy('a.txt', 'c1');
    expect(await modeOf('c1')).toBe('755');
  });

  it('copies files larger than a step, byte for byte', async () => {
    const large = Buffer.alloc(5 * 1024 * 1024 + 13, 'xyz');
    await writeFile(fixture.at('large'), large);
    await copy('large', 'large2');
    expect(large.equals(await readFile(fixture.at('large2')))).toBe(true);
  });

  it.runIf(isLinux)('copies files that say they are empty', async () => {
    await fixture.files.copy('/proc/self/status', fixture.at('status'), { recursive: false });
    expect(await textOf('status')).toContain(`Pid:\t${process.pid}\n`);
  });

  it('leaves a file intact that is copied onto itself, by whatever name', async () => {
    await symlink('a.txt', fixture.at('link'));
    await link(fixture.at('a.txt'), fixture.at('hard'));
    await symlink('.', fixture.at('dlink'));
    for (const name of ['a.txt', 'link', 'hard', 'dlink/a.txt']) await copy('a.txt', name);
    await copy('hard', 'a.txt');
    await copy('dlink/a.txt', 'a.txt');
    expect(await textOf('a.txt')).toBe('hello');
  });

  it('follows a link at the destination of a file', async () => {
    await symlink('made', fixture.at('broken'));
    await copy('a.txt', 'broken');
    expect(await textOf('made')).toBe('hello');
  });

  it('recreates links as links, and refuses where something is', async () => {
    await symlink('a.txt', fixture.at('link'));
    await symlink('nowhere', fixture.at('broken'));
    await symlink('d', fixture.at('dlink'));
    await copy('link', 'clink');
    await copy('broken', 'cbroken');
    await copy('dlink', 'cdlink', true);
    const texts = await Promise.all(
      ['clink', 'cbroken', 'cdlink'].map((name) => readlink(fixture.at(name))),
    );
    expect(texts).toEqual(['a.txt', 'nowhere', 'd']);
    expect(await refusal(copy('link', 'clink'))).toBe(exists);
  });

  it('copies a tree with its links and leaves out special files', async () => {
    makeFifo(fixture.at('d/fifo'));
    await symlink('../a.txt', fixture.at('d/up'));
    await copy('d', 'parents/cd', true);
    expect((await readdir(fixture.at('parents/cd'), { recursive: true })).sort()).toEqual([
      'in.txt',
      'sub',
      'sub/deep.txt',
      'up',
    ]);
    expect(await textOf('parents/cd/up').catch(String)).toContain('ENOENT');
    expect(await readlink(fixture.at('parents/cd/up'))).toBe('../a.txt');
  });

  it('merges into a directory that exists', async () => {
    await mkdir(fixture.at('cd/sub'), { recursive: true });
    await writeFile(fixture.at('cd/other'), 'other');
    await writeFile(fixture.at('cd/sub/deep.txt'), 'before');
    await copy('d', 'cd', true);
    expect([await textOf('cd/other'), await textOf('cd/sub/deep.txt')]).toEqual(['other', 'deep']);
  });

  it('ends where a link of the source already exists', async () => {
    await symlink('x', fixture.at('d/up'));
    await copy('d', 'cd', true);
    expect(await refusal(copy('d', 'cd', true))).toBe(exists);
  });

  it('merges through links inside the scope, onto itself without harm', async () => {
    await mkdir(fixture.at('cd'));
    await symlink('../d/sub', fixture.at('cd/sub'));
    await symlink('../a.txt', fixture.at('cd/in.txt'));
    await copy('d', 'cd', true);
    expect([await textOf('d/sub/deep.txt'), await textOf('a.txt')]).toEqual(['deep', 'inner']);
  });

  it('refuses the rest', async () => {
    makeFifo(fixture.at('fifo'));
    await symlink('d', fixture.at('dlink'));
    await symlink('nowhere', fixture.at('broken'));
    await mkdir(fixture.at('blocked/sub'), { recursive: true });
    await mkdir(fixture.at('cd'));
    await writeFile(fixture.at('cd/sub'), 'a file');
    const ofItself = '-32600 fs/copy cannot copy a directory to itself or one of its descendants';
    const cases: [string, string, boolean, unknown][] = [
      ['a.txt', 'd', false, isADirectory],
      ['a.txt', 'fifo', false, `-32600 path \`${fixture.at('fifo')}\` is not a file`],
      ['a.txt', 'zz/c', false, notFound],
      ['nope', 'c', true, notFound],
      ['d', 'c', false, '-32600 fs/copy requires recursive: true when sourcePath is a directory'],
      ['d', 'd', true, ofItself],
      ['d', 'd/inner', true, ofItself],
      ['d', 'd/sub/a/b', true, ofItself],
      ['d', 'dlink/inner', true, ofItself],
      ['fifo', 'c', true, '-32600 fs/copy only supports regular files, directories, and symlinks'],
      ['d', 'a.txt', true, exists],
      ['d', 'broken', true, exists],
      ['d', 'cd', true, exists],
    ];
    for (const [source, destination, recursive, expected] of cases) {
      expect([source, destination, await refusal(copy(source, destination, recursive))]).toEqual([
        source,
        destination,
        expected,
      ]);
    }
    expect(await readdir(fixture.at('d'))).toEqual(['in.txt', 'sub']);
  });
});
