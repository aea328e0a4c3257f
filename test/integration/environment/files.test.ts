import { randomBytes } from 'node:crypto';
import { mkdir, readFile, realpath, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { environmentKinds, useEnvironment } from '../../support/environments';
import { follow, noFollow, refusal } from './local/fileSystemFixture';

const mebibyte = 1024 * 1024;

const absent = '-32004 No such file or directory (os error 2)';

describe.each(environmentKinds)('files of an environment that is %s', (kind) => {
  const { current } = useEnvironment(kind);
  let round = 0;
  let folder = '';
  const at = (...names: string[]): string => join(folder, ...names);
  const files = () => current().files;

  beforeEach(async () => {
    round += 1;
    folder = join(current().folder, `test ${round} %23ü`);
    await mkdir(folder);
  });

  it('are written, looked at, read and removed', async () => {
    const path = at('a file');
    const before = await refusal(files().getMetadata(path, follow));
    await files().writeFile(path, Buffer.from('text'), follow);
    const { isFile, isDirectory, isSymlink, size } = await files().getMetadata(path, follow);
    const text = (await files().readFile(path, follow)).toString();
    await files().remove(path, { ...follow, recursive: false, force: false });
    expect({
      before,
      metadata: { isFile, isDirectory, isSymlink, size },
      text,
      after: await refusal(files().readFile(path, follow)),
    }).toEqual({
      before: absent,
      metadata: { isFile: true, isDirectory: false, isSymlink: false, size: 4 },
      text: 'text',
      after: absent,
    });
  });

  it('are in directories that are made, listed, copied and removed whole', async () => {
    await files().createDirectory(at('a/b'), { ...follow, recursive: true });
    await files().writeFile(at('a/b/one'), Buffer.from('1'), follow);
    await files().copy(at('a'), at('c'), { recursive: true });
    const listed = await files().readDirectory(at('c'));
    const copied = (await files().readFile(at('c/b/one'), follow)).toString();
    await files().remove(at('a'), { ...follow, recursive: true, force: true });
    expect({
      listed,
      copied,
      left: await refusal(files().readDirectory(at('a'))),
      again: await refusal(files().createDirectory(at('c'), { ...follow, recursive: false })),
    }).toEqual({
      listed: [{ fileName: 'b', isDirectory: true, isFile: false }],
      copied: '1',
      left: absent,
      again: '-32603 File exists (os error 17)',
    });
  });

  it('have real paths', async () => {
    await writeFile(at('real'), '');
    await symlink('real', at('link'));
    expect([
      await files().canonicalize(at('link')),
      await files().canonicalize(at('..', `test ${round} %23ü`, 'real')),
      await refusal(files().canonicalize(at('nope'))),
    ]).toEqual([await realpath(at('real')), at('real'), absent]);
  });

  it('are not reached over links where that is forbidden', async () => {
    await writeFile(at('real'), 'x');
    await symlink('real', at('link'));
    expect([
      (await files().getMetadata(at('link'), follow)).isSymlink,
      await refusal(files().getMetadata(at('link'), noFollow)),
      await refusal(files().readFile(at('link'), noFollow)),
    ]).toEqual([
      true,
      '-32600 path contains a symbolic link',
      // The peer has words of its own for it.
      expect.stringMatching(/^-32603 .*\(os error 40\)$/),
    ]);
  });

  it('are found by walking, under the paths they have there', async () => {
    await mkdir(at('w/sub dir'), { recursive: true });
    await writeFile(at('w/sub dir/ä'), '');
    await writeFile(at('w/z'), '');
    const found = await files().walk(at('w'), {
      maxDepth: 3,
      maxDirectories: 10,
      maxEntries: 10,
      followDirectorySymlinks: false,
    });
    expect(found).toEqual({
      entries: [
        { path: at('w/sub dir'), kind: 'directory' },
        { path: at('w/z'), kind: 'file' },
        { path: at('w/sub dir/ä'), kind: 'file' },
      ],
      errors: [],
      truncated: false,
    });
  });

  it('are read and written in blocks, in any order', async () => {
    const written = await files().open(at('blocks'), 'replace');
    await Promise.all([
      written.writeBlock(4, Buffer.from('efgh')),
      written.writeBlock(0, Buffer.from('abcd')),
    ]);
    await written.close();
    const read = await files().open(at('blocks'), 'read');
    const blocks = await Promise.all([read.readBlock(6, 4), read.readBlock(0, 4)]);
    await read.close();
    expect([
      blocks.map(({ chunk, eof }) => [chunk.toString(), eof]),
      await refusal(files().open(at('nope'), 'read')),
      await refusal(files().open(folder, 'read')),
    ]).toEqual([
      [
        ['gh', true],
        ['abcd', false],
      ],
      absent,
      `-32600 path \`${folder}\` is not a file`,
    ]);
  });

  it('carry five megabytes of random bytes out and in, whole and in blocks', async () => {
    const bytes = randomBytes(5 * mebibyte + 1);
    await files().writeFile(at('whole'), bytes, follow);
    const open = await files().open(at('blocks'), 'replace');
    for (let offset = 0; offset < bytes.length; offset += mebibyte) {
      await open.writeBlock(offset, bytes.subarray(offset, offset + mebibyte));
    }
    await open.close();
    expect([
      (await readFile(at('whole'))).equals(bytes),
      (await readFile(at('blocks'))).equals(bytes),
      (await files().readFile(at('whole'), follow)).equals(bytes),
      (await files().readFile(at('blocks'), follow)).equals(bytes),
    ]).toEqual([true, true, true, true]);
  });

  it('may be larger than a message', async () => {
    const bytes = randomBytes(21 * mebibyte + 1);
    await files().writeFile(at('large'), bytes, follow);
    expect([
      (await readFile(at('large'))).equals(bytes),
      (await files().readFile(at('large'), follow)).equals(bytes),
    ]).toEqual([true, true]);
    // It is replaced in place, so what it was is gone.
    await files().writeFile(at('large'), Buffer.from('small'), follow);
    expect((await files().readFile(at('large'), follow)).toString()).toBe('small');
  });

  it('are refused when they are larger than the limit', async () => {
    await writeFile(at('huge'), '');
    await truncate(at('huge'), 512 * mebibyte + 1);
    expect(await refusal(files().readFile(at('huge'), follow))).toBe(
      '-32600 file is too large to read: limit is 536870912 bytes',
    );
  });

  it('are told of when they appear', async () => {
    const changed = new Deferred<void>();
    const watch = await files().watchMissing({ missing: [at('soon')] }, () => changed.resolve());
    await writeFile(at('soon'), '');
    await changed.promise;
    const refused = await files().watchMissing({ missing: [at('soon')] }, () => undefined);
    watch?.dispose();
    expect([watch !== undefined, refused]).toEqual([true, undefined]);
  });

  it('that the system keeps are read although they have no size', async () => {
    const version = await files().readFile('/proc/version', follow);
    expect(version.toString()).toBe(await readFile('/proc/version', 'utf8'));
  });

  it('that were closed are closed', async () => {
    await writeFile(at('x'), 'x');
    const file = await files().open(at('x'), 'read');
    await file.close();
    const outcome = await refusal(file.readBlock(0, 1));
    expect(outcome).toMatch(
      kind === 'local' ? /^-32603 Bad file desc/ : /^-32004 unknown file handle/,
    );
  });
});
