import { chmod, mkdir, stat, symlink, writeFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import type { Limits } from '../../../../src/base/limits';
import { forEachBounded } from '../../../../src/environment/local/forEachBounded';
import { LocalFileSystem } from '../../../../src/environment/local/localFileSystem';
import type { WalkOptions } from '../../../../src/protocol/walkMessages';
import { FakeClock } from '../../../support/fakeClock';
import { makeFifo, onUnix, refusal, useFileSystem } from './fileSystemFixture';

const fixture = useFileSystem();

const options: WalkOptions = {
  maxDepth: 10,
  maxDirectories: 100,
  maxEntries: 100,
  followDirectorySymlinks: false,
};
const following = { followDirectorySymlinks: true };

/** What a walk found, one word an entry: directories end with a slash, and `…` stands for truncated. */
async function walk(path: string, changes: Partial<WalkOptions> = {}): Promise<string> {
  const { entries, errors, truncated } = await fixture.files.walk(path, { ...options, ...changes });
  const names = entries.map(
    (entry) => relative(path, entry.path) + (entry.kind === 'directory' ? '/' : ''),
  );
  const faults = errors.map((error) => `[${relative(path, error.path)}: ${error.message}]`);
  return [...names, ...faults, ...(truncated ? ['…'] : [])].join(' ');
}

async function write(...names: string[]): Promise<void> {
  for (const name of names) await writeFile(fixture.at(name), '');
}

describe('a walk', () => {
  beforeEach(async () => {
    await mkdir(fixture.at('d/.hid'), { recursive: true });
    await mkdir(fixture.at('d/sub/deep'), { recursive: true });
    await write('d/.dot', 'd/.hid/h', 'd/in', 'd/sub/z', 'd/sub/deep/x', 'd/sub/Z');
  });

  it('lists level by level, each directory in byte order, the root not', async () => {
    expect(await walk(fixture.at('d'))).toBe(
      '.dot .hid/ in sub/ .hid/h sub/Z sub/deep/ sub/z sub/deep/x',
    );
  });

  it('goes as deep as it is told, which truncates nothing', async () => {
    expect(await walk(fixture.at('d'), { maxDepth: 0 })).toBe('.dot .hid/ in sub/');
    expect(await walk(fixture.at('d'), { maxDepth: 1 })).toBe(
      '.dot .hid/ in sub/ .hid/h sub/Z sub/deep/ sub/z',
    );
  });

  it('ends at a limit and says so only when there was more', async () => {
    const all = await walk(fixture.at('d'));
    expect(await walk(fixture.at('d'), { maxEntries: 9 })).toBe(all);
    expect(await walk(fixture.at('d'), { maxEntries: 3 })).toBe('.dot .hid/ in …');
    expect(await walk(fixture.at('d'), { maxDirectories: 4 })).toBe(all);
    expect(await walk(fixture.at('d'), { maxDirectories: 2 })).toBe('.dot .hid/ in sub/ .hid/h …');
    expect(await walk(fixture.at('d'), { maxDirectories: 1 })).toBe('.dot .hid/ in sub/ …');
  });

  it('lists hidden directories without entering them when asked to', async () => {
    const pruned = { pruneHiddenDirectories: true };
    expect(await walk(fixture.at('d'), { ...pruned, maxDepth: 1 })).toBe(
      '.dot .hid/ in sub/ sub/Z sub/deep/ sub/z',
    );
    expect(await walk(fixture.at('d/.hid'), pruned)).toBe('h');
  });

  it('of a file is empty, and of nothing an error', async () => {
    expect(await walk(fixture.at('d/in'))).toBe('');
    expect(await refusal(walk(fixture.at('nope')))).toBe(
      '-32004 No such file or directory (os error 2)',
    );
    expect(await refusal(walk(fixture.at('d/in/x')))).toBe('-32603 Not a directory (os error 20)');
  });

  it.each([
    [{ maxEntries: 0 }, 'must be greater than zero'],
    [{ maxDirectories: 0, maxDepth: 65 }, 'must be greater than zero'],
    [{ maxDepth: 65 }, 'exceed maximums: depth=64, directories=10000, entries=50000'],
    [{ maxDirectories: 10_001 }, 'exceed maximums: depth=64, directories=10000, entries=50000'],
    [{ maxEntries: 50_001 }, 'exceed maximums: depth=64, directories=10000, entries=50000'],
  ])('refuses the options %j', async (changes, why) => {
    expect(await refusal(walk(fixture.at('nope'), changes))).toBe(
      `-32600 filesystem walk limits ${why}`,
    );
  });

  it('takes the largest options there are', async () => {
    const largest = { maxDepth: 64, maxDirectories: 10_000, maxEntries: 50_000 };
    expect(await walk(fixture.at('d/sub'), largest)).toBe('Z deep/ z deep/x');
  });

  it('takes the directories of a wide level in their order', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `d${String(index).padStart(2, '0')}`);
    for (const name of names) {
      await mkdir(fixture.at('wide', name), { recursive: true });
      await write(`wide/${name}/f`);
    }
    const expected = [...names.map((name) => `${name}/`), ...names.map((name) => `${name}/f`)];
    expect(await walk(fixture.at('wide'), { maxEntries: 1000 })).toBe(expected.join(' '));
    const cut = { maxEntries: 1000, maxDirectories: 31 };
    expect(await walk(fixture.at('wide'), cut)).toBe([...expected.slice(0, 90), '…'].join(' '));
  });
});

describe.skipIf(!onUnix)('links on a walk', () => {
  beforeEach(async () => {
    await mkdir(fixture.at('out/deep'), { recursive: true });
    await mkdir(fixture.at('r'));
    await write('out/f', 'out/deep/g', 'r/zz');
    await symlink('../out', fixture.at('r/l'));
    await symlink('../out', fixture.at('r/m'));
    await symlink('../out', fixture.at('r/.h'));
    await symlink('../out/f', fixture.at('r/file'));
    await symlink('nope', fixture.at('r/dangling'));
    await symlink('loop', fixture.at('r/loop'));
    await symlink('.', fixture.at('r/self'));
    await symlink('r', fixture.at('root'));
    makeFifo(fixture.at('r/fifo'));
  });

  it('are not listed unless followed, and then only those to directories', async () => {
    expect(await walk(fixture.at('r'))).toBe('zz');
    expect(await walk(fixture.at('r'), { ...following, maxDepth: 0 })).toBe('.h/ l/ m/ self/ zz');
  });

  it('lead into each directory once', async () => {
    expect(await walk(fixture.at('r'), following)).toBe(
      '.h/ l/ m/ self/ zz .h/deep/ .h/f .h/deep/g',
    );
    const pruned = { ...following, pruneHiddenDirectories: true };
    expect(await walk(fixture.at('r'), pruned)).toBe('.h/ l/ m/ self/ zz l/deep/ l/f l/deep/g');
  });

  it('count against the limit of directories only where they lead to another one', async () => {
    await mkdir(fixture.at('dup/real'), { recursive: true });
    await symlink('real', fixture.at('dup/yy'));
    expect(await walk(fixture.at('dup'), { ...following, maxDirectories: 2 })).toBe('real/ yy/');
    expect(await walk(fixture.at('dup'), { ...following, maxDirectories: 1 })).toBe('real/ yy/ …');
  });

  it('at the root are followed only when links are', async () => {
    expect(await walk(fixture.at('root'))).toBe('');
    expect(await walk(fixture.at('root/l'), following)).toBe('deep/ f deep/g');
    expect(await refusal(walk(fixture.at('r/dangling')))).toMatch(/^-32004 /);
    expect(await refusal(walk(fixture.at('r/loop'), following))).toMatch(/^-32603 /);
  });
});

describe.skipIf(!onUnix)('what a walk cannot read', () => {
  it.skipIf(process.getuid?.() === 0)('is told, and the walk goes on', async () => {
    await mkdir(fixture.at('a/locked/in'), { recursive: true });
    await mkdir(fixture.at('a/z'));
    await chmod(fixture.at('a/locked'), 0);
    expect(await walk(fixture.at('a'))).toBe(
      'locked/ z/ [locked: Permission denied (os error 13)]',
    );
    expect(await walk(fixture.at('a/locked'))).toBe('[: Permission denied (os error 13)]');
    await chmod(fixture.at('a/locked'), 0o700);
  });

  // Other systems refuse such names.
  it.runIf(process.platform === 'linux')('because its name is no UTF-8 is told too', async () => {
    await mkdir(fixture.at('bad'));
    const named = (...bytes: number[]) =>
      Buffer.concat([Buffer.from(fixture.at('bad/n')), Buffer.from(bytes)]);
    await writeFile(named(0xff), '');
    await mkdir(named(0xfe, 0xfd));
    await write('bad/\ufffd', 'bad/ok');
    const notFound = 'No such file or directory (os error 2)';
    expect(await walk(fixture.at('bad'))).toBe(
      `ok \ufffd [n\ufffd: ${notFound}] [n\ufffd\ufffd: ${notFound}]`,
    );
  });
});

describe('the bounds of a walk', () => {
  const filesWith = (limits: Partial<Limits>, clock = new FakeClock()) =>
    new LocalFileSystem({
      limits: { ...defaultLimits, ...limits },
      writeScope: fixture.scope,
      clock,
    });

  it('are those of its reply: a path counts with 64 bytes on top', async () => {
    await mkdir(fixture.at('m'));
    await write('m/a', 'm/b', 'm/c');
    const maxWalkReplyBytes = 3 * (fixture.at('m/a').length + 64);
    const walked = async (bytes: number) =>
      filesWith({ maxWalkReplyBytes: bytes }).walk(fixture.at('m'), options);
    expect((await walked(maxWalkReplyBytes)).truncated).toBe(false);
    const { entries, truncated } = await walked(maxWalkReplyBytes - 1);
    expect({ listed: entries.length, truncated }).toEqual({ listed: 2, truncated: true });
  });

  it('are those of time: a slow file system ends it, and that is said', async () => {
    await mkdir(fixture.at('m/sub'), { recursive: true });
    const clock = new FakeClock();
    const walking = filesWith({ maxWalkMs: 20 }, clock).walk(fixture.at('m'), options);
    clock.jump(21);
    expect(await walking).toEqual({ entries: [], errors: [], truncated: true });
  });

  it('are those of one directory: beyond them names are left out', async () => {
    await mkdir(fixture.at('m'));
    // Long names, so that the directory is large enough to be read piecewise without too many files.
    const long = 'n'.repeat(240);
    const names = Array.from({ length: 6000 }, (_, index) => `m/${long}${index}`);
    await forEachBounded(names, 16, (name) => write(name));
    const all = { ...options, maxEntries: 50_000 };
    const { entries, truncated } = await filesWith({ maxWalkDirectoryNames: 100 }).walk(
      fixture.at('m'),
      all,
    );
    const whole = await filesWith({}).walk(fixture.at('m'), all);
    expect(whole).toMatchObject({ truncated: false });
    expect(whole.entries).toHaveLength(6000);
    // Not every file system tells the size of a directory by its names.
    const isLarge = (await stat(fixture.at('m'))).size > 1024 ** 2;
    expect({ listed: entries.length, truncated }).toEqual(
      isLarge ? { listed: 100, truncated: true } : { listed: 6000, truncated: false },
    );
    const listed = entries.map(({ path }) => path);
    expect(listed).toEqual([...listed].sort());
  });
});
