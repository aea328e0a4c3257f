import type { Stats } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import { LocalFileSystem } from '../../../../src/environment/local/localFileSystem';
import { FolderWriteScope, isInside } from '../../../../src/environment/local/writeScope';
import {
  follow,
  noFollow,
  onUnix,
  outsideScope,
  refusal,
  useFileSystem,
} from './fileSystemFixture';

const fixture = useFileSystem();

const isLinux = process.platform === 'linux';
const content = Buffer.from('content');
const everything = { ...follow, recursive: true, force: true };
const outsidePath = (...names: string[]) => join(fixture.outside, ...names);

describe.skipIf(!onUnix)('a change outside the write scope', () => {
  beforeEach(async () => {
    await writeFile(outsidePath('victim'), 'untouched');
    await mkdir(outsidePath('dir'));
    await writeFile(outsidePath('dir/inner'), 'untouched');
    await symlink(outsidePath('victim'), fixture.at('fileLink'));
    await symlink('../outside/made', fixture.at('danglingLink'));
    await symlink(fixture.outside, fixture.at('dirLink'));
    await symlink('dirLink', fixture.at('linkToLink'));
    await symlink('/proc/self/root', fixture.at('rootLink'));
    await writeFile(fixture.at('a.txt'), 'a');
    await mkdir(fixture.at('d/sub'), { recursive: true });
    await writeFile(fixture.at('d/victim'), 'copied');
    await writeFile(fixture.at('d/sub/x'), 'copied');
  });

  const outsideIsUntouched = async () => {
    expect((await readdir(fixture.outside, { recursive: true })).sort()).toEqual([
      'dir',
      'dir/inner',
      'victim',
    ]);
    expect(await readFile(outsidePath('victim'), 'utf8')).toBe('untouched');
    expect(await readFile(outsidePath('dir/inner'), 'utf8')).toBe('untouched');
  };

  it.each([
    'outside/victim',
    'outside/made',
    'made',
    'workspace/fileLink',
    'workspace/danglingLink',
    'workspace/dirLink/victim',
    'workspace/dirLink/made',
    'workspace/linkToLink/dir/inner',
    'workspace/linkToLink/no/such/dir',
    'workspaceAndMore',
  ])('is refused: writing %s', async (name) => {
    const path = join(fixture.root, name);
    for (const options of [follow, noFollow]) {
      const answer = await refusal(fixture.files.writeFile(path, content, options));
      expect(answer).toMatch(/^(?:-32014 refused to|-32603 .*\(os error (?:20|40|62)\))/);
    }
    await outsideIsUntouched();
  });

  it('is refused: writing through the root of a process', async () => {
    const path = fixture.at('rootLink', outsidePath('victim'));
    expect(await refusal(fixture.files.writeFile(path, content, follow))).toMatch(outsideScope);
    const direct = join('/proc/self/root', outsidePath('victim'));
    expect(await refusal(fixture.files.writeFile(direct, content, follow))).toMatch(outsideScope);
    await outsideIsUntouched();
  });

  it.each(['outside/made', 'workspace/dirLink/made', 'workspace/linkToLink/a/b', 'outside/dir'])(
    'is refused: making the directory %s',
    async (name) => {
      const call = fixture.files.createDirectory(join(fixture.root, name), everything);
      expect(await refusal(call)).toMatch(outsideScope);
      await outsideIsUntouched();
    },
  );

  it.each(['outside', 'outside/victim', 'workspace/dirLink/victim', 'workspace/linkToLink/dir'])(
    'is refused: removing %s',
    async (name) => {
      const call = fixture.files.remove(join(fixture.root, name), everything);
      expect(await refusal(call)).toMatch(outsideScope);
      await outsideIsUntouched();
    },
  );

  it.each([
    ['a.txt', 'fileLink'],
    ['a.txt', 'danglingLink'],
    ['a.txt', 'dirLink/made'],
    ['fileLink', 'dirLink/made'],
    ['d', 'dirLink'],
    ['d', 'dirLink/made'],
  ])('is refused: copying %s to %s', async (source, destination) => {
    const call = fixture.files.copy(fixture.at(source), fixture.at(destination), {
      recursive: true,
    });
    expect(await refusal(call)).toMatch(outsideScope);
    await outsideIsUntouched();
  });

  it('is refused where a tree is merged into one with links that lead out', async () => {
    await mkdir(fixture.at('target'));
    await symlink(outsidePath('victim'), fixture.at('target/victim'));
    const merge = () =>
      fixture.files.copy(fixture.at('d'), fixture.at('target'), { recursive: true });
    expect(await refusal(merge())).toMatch(outsideScope);
    await rm(fixture.at('target/victim'));
    await symlink(outsidePath('dir'), fixture.at('target/sub'));
    expect(await refusal(merge())).toMatch(outsideScope);
    await outsideIsUntouched();
  });

  it('is refused for the scope itself: a workspace folder cannot be removed', async () => {
    const asLink = join(fixture.root, 'link');
    await symlink(fixture.workspace, asLink);
    for (const path of [fixture.workspace, asLink, fixture.root]) {
      expect(await refusal(fixture.files.remove(path, everything))).toMatch(outsideScope);
    }
    expect(await readdir(fixture.workspace)).toContain('a.txt');
  });

  it('is allowed to links themselves, which are inside', async () => {
    for (const name of ['fileLink', 'danglingLink', 'dirLink']) {
      await fixture.files.remove(fixture.at(name), everything);
    }
    await outsideIsUntouched();
  });
});

describe.skipIf(!onUnix)('the write scope', () => {
  it('takes settings at run time, for the very next call', async () => {
    const path = outsidePath('w');
    expect(await refusal(fixture.files.writeFile(path, content, follow))).toMatch(outsideScope);
    fixture.scope.update({ mode: 'unrestricted', roots: [] });
    await fixture.files.writeFile(path, content, follow);
    fixture.scope.update({ mode: 'workspace', roots: [fixture.workspace] });
    expect(await refusal(fixture.files.writeFile(path, content, follow))).toMatch(outsideScope);
    fixture.scope.update({ mode: 'workspace', roots: [fixture.workspace, fixture.outside] });
    await fixture.files.writeFile(path, content, follow);
  });

  it('protects what contains a folder of it', async () => {
    const nested = fixture.at('a/b/nested');
    await mkdir(nested, { recursive: true });
    fixture.scope.update({ mode: 'workspace', roots: [fixture.workspace, nested] });
    for (const path of [nested, fixture.at('a/b'), fixture.at('a')]) {
      expect(await refusal(fixture.files.remove(path, everything))).toMatch(outsideScope);
    }
    fixture.scope.update({ mode: 'workspace', roots: [fixture.workspace] });
    await fixture.files.remove(fixture.at('a'), everything);
  });

  it('lives with roots that are not there yet, are links, or are none', async () => {
    const missing = join(fixture.root, 'later/ws');
    const linked = join(fixture.root, 'linked');
    const loop = join(fixture.root, 'loop');
    await symlink(fixture.outside, linked);
    await symlink('loop', loop);
    const roots = [missing, linked, loop, 'relative', ''];
    fixture.scope.update({ mode: 'workspace', roots });
    await fixture.files.writeFile(join(linked, 'x'), content, follow);
    await fixture.files.writeFile(outsidePath('y'), content, follow);
    await fixture.files.createDirectory(missing, everything);
    await fixture.files.writeFile(join(missing, 'z'), content, follow);
    const other = join(fixture.root, 'later/other');
    expect(await refusal(fixture.files.writeFile(other, content, follow))).toMatch(outsideScope);
  });

  it('does not grow when a root is later turned into a link', async () => {
    const missing = join(fixture.root, 'later');
    fixture.scope.update({ mode: 'workspace', roots: [missing] });
    expect(await refusal(fixture.files.writeFile(join(missing, 'x'), content, follow))).toBe(
      '-32004 No such file or directory (os error 2)',
    );
    await symlink(fixture.outside, missing);
    expect(await refusal(fixture.files.writeFile(join(missing, 'x'), content, follow))).toMatch(
      outsideScope,
    );
  });

  it('contains the temporary directories of the system by default', async () => {
    const scope = new FolderWriteScope({ mode: 'workspace', roots: [] });
    const files = new LocalFileSystem({ limits: defaultLimits, writeScope: scope });
    await files.writeFile(outsidePath('x'), content, follow);
    expect(await refusal(files.writeFile('/exec-server-test', content, follow))).toMatch(
      outsideScope,
    );
    expect(await refusal(files.remove(tmpdir(), everything))).toMatch(
      /^-32014 refused to remove|^-32600/,
    );
  });

  it('compares whole names', () => {
    const verdicts = ['/a/b', '/a/b/c', '/a/bc', '/a', '/'].map((path) => isInside('/a/b', path));
    expect(verdicts).toEqual([true, true, false, false, false]);
    expect(isInside('/', '/a')).toBe(true);
  });
});

describe.skipIf(!onUnix)('links swapped while files are changed', () => {
  const ROUNDS = 2000;

  /** Swaps two things under one name for as long as `work` runs, leaving the name free in between. */
  async function whileSwapping(
    name: string,
    other: string,
    work: () => Promise<void>,
  ): Promise<void> {
    const done = new AbortController();
    const path = fixture.at(name);
    const aside = fixture.at('aside');
    const swapping = (async () => {
      while (!done.signal.aborted) {
        await rename(path, aside);
        await moveOver(other, path);
        await rename(path, other);
        await moveOver(aside, path);
      }
    })();
    const ended = work().finally(() => {
      done.abort();
    });
    await Promise.all([ended, swapping]);
  }

  /** What the work under test made in the place that was free has to go. */
  async function moveOver(source: string, destination: string): Promise<void> {
    for (;;) {
      try {
        await rename(source, destination);
        return;
      } catch {
        await rm(destination, { recursive: true, force: true }).catch(() => undefined);
      }
    }
  }

  const outsideNames = async () => (await readdir(fixture.outside, { recursive: true })).sort();

  it.each(['dir/file', 'dir/sub/file'])(
    'lead no write of %s out, when dir is swapped',
    async (name) => {
      await mkdir(fixture.at('dir/sub'), { recursive: true });
      await mkdir(outsidePath('sub'));
      await symlink(fixture.outside, fixture.at('evil'));
      await whileSwapping('dir', fixture.at('evil'), async () => {
        for (let round = 0; round < ROUNDS; round += 1) {
          await refusal(fixture.files.writeFile(fixture.at(name), content, follow));
        }
      });
      // Without a way to name things in an open directory an empty file can come to be, but no content.
      for (const found of (await outsideNames()).filter((found) => found !== 'sub')) {
        expect([isLinux, (await stat(outsidePath(found))).size]).toEqual([false, 0]);
      }
      await fixture.files.writeFile(fixture.at(name), content, follow);
    },
  );

  it('lead no write out, when the file itself is swapped', async () => {
    await writeFile(outsidePath('victim'), 'untouched');
    const before = await identityOf(outsidePath('victim'));
    await writeFile(fixture.at('file'), 'x');
    await symlink(outsidePath('victim'), fixture.at('evil'));
    await whileSwapping('file', fixture.at('evil'), async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await refusal(fixture.files.writeFile(fixture.at('file'), content, follow));
      }
    });
    expect(await readFile(outsidePath('victim'), 'utf8')).toBe('untouched');
    expect(await identityOf(outsidePath('victim'))).toEqual(before);
    await fixture.files.writeFile(fixture.at('file'), content, follow);
  });

  it.runIf(isLinux)('lead no directory, copy or removal out', async () => {
    await mkdir(fixture.at('dir/sub'), { recursive: true });
    await symlink(fixture.outside, fixture.at('evil'));
    await mkdir(outsidePath('sub/precious/deep'), { recursive: true });
    await writeFile(outsidePath('sub/precious/deep/file'), 'untouched');
    await mkdir(fixture.at('tree/deep'), { recursive: true });
    await writeFile(fixture.at('tree/deep/x'), 'x');
    const before = await outsideNames();
    const { files } = fixture;
    await whileSwapping('dir', fixture.at('evil'), async () => {
      for (let round = 0; round < ROUNDS / 2; round += 1) {
        const made = fixture.at(`dir/sub/precious/deep/made${round}`);
        await refusal(files.createDirectory(made, everything));
        await refusal(files.copy(fixture.at('tree'), fixture.at('dir/sub/copy'), everything));
        await refusal(files.remove(fixture.at('dir/sub/precious'), everything));
        await refusal(files.remove(fixture.at('dir/sub/copy'), everything));
      }
    });
    expect(await outsideNames()).toEqual(before);
  });
});

async function identityOf(path: string): Promise<Pick<Stats, 'ino' | 'size' | 'mtimeMs'>> {
  const { ino, size, mtimeMs } = await stat(path);
  return { ino, size, mtimeMs };
}
