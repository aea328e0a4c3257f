import { writeFileSync } from 'node:fs';
import {
  appendFile,
  chmod,
  link,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Deferred } from '../../../../src/base/deferred';
import type { Disposable } from '../../../../src/base/lifecycle';
import { defaultLimits } from '../../../../src/base/limits';
import { LocalFileSystem } from '../../../../src/environment/local/localFileSystem';
import { onUnix, useFileSystem } from './fileSystemFixture';

const fixture = useFileSystem();

let watches: Disposable[] = [];

interface Watch {
  readonly watching: boolean;
  /** Settles at the first change. */
  readonly changed: Promise<void>;
  /** How often a change was told. */
  readonly count: () => number;
}

async function watch(
  missing: readonly string[],
  present?: string,
  files = fixture.files,
): Promise<Watch> {
  const changed = new Deferred<void>();
  let count = 0;
  const paths = {
    missing: missing.map((name) => (name.startsWith('/') ? name : fixture.at(name))),
    present: present === undefined ? undefined : fixture.at(present),
  };
  const held = await files.watchMissing(paths, () => {
    count += 1;
    changed.resolve();
  });
  if (held !== undefined) watches.push(held);
  return { watching: held !== undefined, changed: changed.promise, count: () => count };
}

/** Waits until everything has been told that happened before: the kernel keeps one order for all directories. */
async function everythingIsTold(): Promise<void> {
  const name = 'marker';
  const marker = await watch([name]);
  expect(marker.watching).toBe(true);
  await writeFile(fixture.at(name), '');
  await marker.changed;
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(async () => {
  watches = [];
  await mkdir(fixture.at('sub/deep'), { recursive: true });
  await writeFile(fixture.at('present'), 'p');
});

afterEach(() => {
  for (const held of watches) held.dispose();
});

const onLinux = process.platform === 'linux';

describe.runIf(onLinux)('a watch of missing files tells', () => {
  it.each<[string, readonly string[], () => Promise<unknown>]>([
    ['that a path is there', ['m'], () => writeFile(fixture.at('m'), '')],
    [
      'that one was there for a moment',
      ['m'],
      async () => {
        await writeFile(fixture.at('m'), '');
        await unlink(fixture.at('m'));
      },
    ],
    ['that one of many is there', ['a', 'sub/b', 'm'], () => mkdir(fixture.at('m'))],
    [
      'that one was moved to its place',
      ['m'],
      () => rename(fixture.at('present'), fixture.at('m')),
    ],
    ['that a link is there', ['m'], () => symlink('nope', fixture.at('m'))],
    ['that a directory above a path is there', ['x/y/z'], () => mkdir(fixture.at('x'))],
    [
      'that one above was moved away',
      ['sub/deep/m'],
      () => rename(fixture.at('sub'), fixture.at('s2')),
    ],
    [
      'that one above was removed',
      ['sub/deep/m'],
      () => rm(fixture.at('sub'), { recursive: true }),
    ],
    ['that everything is gone', ['sub/deep/m'], () => rm(fixture.workspace, { recursive: true })],
    ['that rights above have changed', ['sub/deep/m'], () => chmod(fixture.at('sub'), 0o711)],
  ])('%s', async (_, missing, change) => {
    const { watching, changed } = await watch(missing);
    expect(watching).toBe(true);
    await change();
    await changed;
  });

  it.each<[string, () => Promise<unknown>]>([
    ['has other content', () => appendFile(fixture.at('present'), 'x')],
    ['has other content under another name', () => appendFile(fixture.at('hardLink'), 'x')],
    ['is gone', () => unlink(fixture.at('present'))],
    ['is another file', () => rename(fixture.at('other'), fixture.at('present'))],
    ['has other rights', () => chmod(fixture.at('present'), 0o600)],
  ])('that the present one %s', async (_, change) => {
    await writeFile(fixture.at('other'), 'o');
    await link(fixture.at('present'), fixture.at('sub/hard'));
    await symlink('sub/hard', fixture.at('hardLink'));
    const { watching, changed } = await watch(['m'], 'present');
    expect(watching).toBe(true);
    await change();
    await changed;
  });

  it('once, whatever happens afterwards', async () => {
    const { changed, count } = await watch(['m'], 'present');
    await writeFile(fixture.at('m'), '');
    await changed;
    await unlink(fixture.at('m'));
    await unlink(fixture.at('present'));
    await everythingIsTold();
    expect(count()).toBe(1);
  });

  it('also what happens while it is being set up, or does not begin', async () => {
    for (let round = 0; round < 60; round += 1) {
      const name = `x${round}`;
      const starting = watch([name]);
      for (let turn = 0; turn < round % 20; turn += 1) await nextTurn();
      writeFileSync(fixture.at(name), '');
      const { watching, changed } = await starting;
      if (watching) await changed;
    }
  });

  it('nothing about what lies beside, nor that the present one was read', async () => {
    const { count } = await watch(['m', 'sub/m'], 'present');
    await writeFile(fixture.at('other'), '');
    await writeFile(fixture.at('sub/other'), '');
    await mkdir(fixture.at('sub/deep/m'));
    await readFile(fixture.at('present'));
    await everythingIsTold();
    expect(count()).toBe(0);
  });

  it('nothing after it was disposed of', async () => {
    const { count } = await watch(['m']);
    for (const held of watches) held.dispose();
    await writeFile(fixture.at('m'), '');
    await everythingIsTold();
    expect(count()).toBe(0);
  });
});

describe('nothing is watched', () => {
  it.each<[string, readonly string[], string?]>([
    ['without a missing path', [], 'present'],
    ['when one of the paths exists', ['m', 'present']],
    ['when the present one does not', ['m'], 'nope'],
    ['below a file', ['present/m']],
    ['for more than 64 paths', Array.from({ length: 65 }, (_, index) => `m${index}`)],
    ['where the kernel makes up what it shows', ['/proc/self/nope']],
  ])('%s', async (_, missing, present) => {
    expect(await watch(missing, present)).toMatchObject({ watching: false });
  });

  it.skipIf(!onUnix)(
    'through links, whose other end would have to be watched as well',
    async () => {
      await symlink('sub', fixture.at('link'));
      await symlink('nope', fixture.at('dangling'));
      await symlink('present', fixture.at('toPresent'));
      expect(await watch(['link/m'])).toMatchObject({ watching: false });
      expect(await watch(['dangling'])).toMatchObject({ watching: false });
      expect(await watch(['m'], 'toPresent')).toMatchObject({ watching: false });
    },
  );

  it.runIf(onLinux)('when that takes more directories than allowed', async () => {
    const limits = { ...defaultLimits, maxWatchedDirectories: 3 };
    const files = new LocalFileSystem({ limits, writeScope: fixture.scope });
    expect(await watch(['m'], undefined, files)).toMatchObject({ watching: false });
  });

  it.runIf(onLinux)('but 64 paths in one directory are', async () => {
    const missing = Array.from({ length: 64 }, (_, index) => `m${index}`);
    const { watching, changed } = await watch(missing);
    expect(watching).toBe(true);
    await writeFile(fixture.at('m63'), '');
    await changed;
  });
});
