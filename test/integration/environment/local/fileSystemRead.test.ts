import { constants } from 'node:fs';
import {
  access,
  chmod,
  mkdir,
  readdir,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import { LocalFileSystem } from '../../../../src/environment/local/localFileSystem';
import { follow, makeFifo, noFollow, onUnix, refusal, useFileSystem } from './fileSystemFixture';

const fixture = useFileSystem();

const isLinux = process.platform === 'linux';
const notFound = '-32004 No such file or directory (os error 2)';
const notADirectory = '-32603 Not a directory (os error 20)';
const loop = expect.stringMatching(/^-32603 .*os error \d+/);

async function makeLinks(): Promise<void> {
  await writeFile(fixture.at('a.txt'), 'hello');
  await mkdir(fixture.at('d'));
  await writeFile(fixture.at('d', 'in.txt'), 'inner');
  await symlink('a.txt', fixture.at('link'));
  await symlink('d', fixture.at('dlink'));
  await symlink('nowhere', fixture.at('broken'));
  await symlink('loop2', fixture.at('loop1'));
  await symlink('loop1', fixture.at('loop2'));
}

describe.skipIf(!onUnix)('getMetadata', () => {
  it('tells kind, size and time of a file', async () => {
    await writeFile(fixture.at('a.txt'), 'hello');
    await utimes(fixture.at('a.txt'), 1_700_000_000.5, 1_700_000_000.5);
    const metadata = await fixture.files.getMetadata(fixture.at('a.txt'), follow);
    expect(metadata).toMatchObject({
      isDirectory: false,
      isFile: true,
      isSymlink: false,
      size: 5,
      modifiedAtMs: 1_700_000_000_500,
    });
    expect(Number.isInteger(metadata.createdAtMs)).toBe(true);
  });

  it('follows links for kind and size and still calls them links', async () => {
    await makeLinks();
    const kinds = await Promise.all(
      ['link', 'dlink', 'd'].map(async (name) => {
        const { isDirectory, isFile, isSymlink } = await fixture.files.getMetadata(
          fixture.at(name),
          follow,
        );
        return { isDirectory, isFile, isSymlink };
      }),
    );
    expect(kinds).toEqual([
      { isDirectory: false, isFile: true, isSymlink: true },
      { isDirectory: true, isFile: false, isSymlink: true },
      { isDirectory: true, isFile: false, isSymlink: false },
    ]);
  });

  it('calls a fifo and a device neither file nor directory', async () => {
    makeFifo(fixture.at('fifo'));
    for (const path of [fixture.at('fifo'), '/dev/null']) {
      expect(await fixture.files.getMetadata(path, follow)).toMatchObject({
        isDirectory: false,
        isFile: false,
        isSymlink: false,
      });
    }
  });

  it.runIf(isLinux)('answers 0 for a birth time nobody knows', async () => {
    const { createdAtMs } = await fixture.files.getMetadata('/proc/self/stat', follow);
    expect(createdAtMs).toBe(0);
  });

  it('refuses what is not there, in the words of the system', async () => {
    await makeLinks();
    const refusals = await Promise.all(
      ['nope', 'broken', 'a.txt/x', 'loop1', 'n'.repeat(300)].map((name) =>
        refusal(fixture.files.getMetadata(fixture.at(name), follow)),
      ),
    );
    expect(refusals).toEqual([
      notFound,
      notFound,
      notADirectory,
      loop,
      expect.stringMatching(/^-32603 File name too long/),
    ]);
  });

  it('refuses links anywhere in the path when they are not to be followed', async () => {
    await makeLinks();
    const refusals = await Promise.all(
      ['link', 'broken', 'dlink/in.txt', 'nope'].map((name) =>
        refusal(fixture.files.getMetadata(fixture.at(name), noFollow)),
      ),
    );
    const hasLink = '-32600 path contains a symbolic link';
    expect(refusals).toEqual([hasLink, hasLink, notADirectory, notFound]);
    expect(await fixture.files.getMetadata(fixture.at('d/in.txt'), noFollow)).toMatchObject({
      isFile: true,
    });
  });
});

describe.skipIf(!onUnix)('readFile', () => {
  it('gives the bytes, also through links', async () => {
    await makeLinks();
    const texts = await Promise.all(
      ['a.txt', 'link', 'dlink/in.txt'].map(async (name) =>
        (await fixture.files.readFile(fixture.at(name), follow)).toString(),
      ),
    );
    expect(texts).toEqual(['hello', 'hello', 'inner']);
  });

  it('gives an empty file and one larger than any buffer in between', async () => {
    const large = Buffer.alloc(3 * 1024 * 1024 + 7, 'abc');
    await writeFile(fixture.at('empty'), '');
    await writeFile(fixture.at('large'), large);
    expect(await fixture.files.readFile(fixture.at('empty'), follow)).toHaveLength(0);
    expect(large.equals(await fixture.files.readFile(fixture.at('large'), follow))).toBe(true);
  });

  it.runIf(isLinux)('reads files that say they are empty to their end', async () => {
    const status = await fixture.files.readFile('/proc/self/status', follow);
    expect(status.toString()).toContain(`Pid:\t${process.pid}\n`);
    const symbols = await fixture.files.readFile('/proc/kallsyms', follow);
    expect(symbols.length).toBeGreaterThan(64 * 1024);
  });

  it('refuses what is not a regular file, without waiting for it', async () => {
    await makeLinks();
    makeFifo(fixture.at('fifo'));
    const paths = [fixture.at('d'), fixture.at('dlink'), fixture.at('fifo'), '/dev/zero'];
    const refusals = await Promise.all(
      paths.map((path) => refusal(fixture.files.readFile(path, follow))),
    );
    expect(refusals).toEqual(paths.map((path) => `-32600 path \`${path}\` is not a file`));
  });

  it('refuses what is not there, and loops', async () => {
    await makeLinks();
    const refusals = await Promise.all(
      ['nope', 'broken', 'loop1'].map((name) =>
        refusal(fixture.files.readFile(fixture.at(name), follow)),
      ),
    );
    expect(refusals).toEqual([notFound, notFound, loop]);
  });

  it('refuses links when they are not to be followed: the last as a loop, others as no directory', async () => {
    await makeLinks();
    const refusals = await Promise.all(
      ['link', 'broken', 'dlink/in.txt'].map((name) =>
        refusal(fixture.files.readFile(fixture.at(name), noFollow)),
      ),
    );
    expect(refusals).toEqual([loop, loop, notADirectory]);
    expect((await fixture.files.readFile(fixture.at('d/in.txt'), noFollow)).toString()).toBe(
      'inner',
    );
  });

  it('takes a file of exactly the limit and refuses one byte more', async () => {
    const limits = { ...defaultLimits, maxReadFileBytes: 100_000 };
    const files = new LocalFileSystem({ limits, writeScope: fixture.scope });
    await writeFile(fixture.at('fits'), Buffer.alloc(100_000));
    await writeFile(fixture.at('over'), Buffer.alloc(100_001));
    const tooLarge = '-32600 file is too large to read: limit is 100000 bytes';
    expect(await files.readFile(fixture.at('fits'), follow)).toHaveLength(100_000);
    expect(await refusal(files.readFile(fixture.at('over'), follow))).toBe(tooLarge);
    // A file that hides its size is measured while it is read.
    if (isLinux) expect(await refusal(files.readFile('/proc/kallsyms', follow))).toBe(tooLarge);
  });

  it('refuses a file beyond the default limit by its size alone', async () => {
    await writeFile(fixture.at('huge'), '');
    await truncate(fixture.at('huge'), 512 * 1024 * 1024 + 1);
    expect(await refusal(fixture.files.readFile(fixture.at('huge'), follow))).toBe(
      '-32600 file is too large to read: limit is 536870912 bytes',
    );
  });

  it('reads outside the write scope too, with the rights of the user', async () => {
    await writeFile(`${fixture.outside}/x`, 'outside');
    expect((await fixture.files.readFile(`${fixture.outside}/x`, follow)).toString()).toBe(
      'outside',
    );
  });

  it.skipIf(process.getuid?.() === 0)('refuses what the user may not read', async () => {
    await writeFile(fixture.at('secret'), 'x');
    await chmod(fixture.at('secret'), 0);
    expect(await refusal(fixture.files.readFile(fixture.at('secret'), follow))).toBe(
      '-32603 Permission denied (os error 13)',
    );
  });

  it.runIf(isLinux)('leaves no descriptor open, however it ends', async () => {
    await makeLinks();
    makeFifo(fixture.at('fifo'));
    const before = (await readdir('/proc/self/fd')).length;
    for (let round = 0; round < 20; round += 1) {
      for (const name of ['a.txt', 'fifo', 'd', 'nope']) {
        await refusal(fixture.files.readFile(fixture.at(name), follow));
        await refusal(fixture.files.writeFile(fixture.at(name), Buffer.from('x'), follow));
        await refusal(
          fixture.files.copy(fixture.at('d'), fixture.at('a.txt'), { recursive: true }),
        );
        await refusal(
          fixture.files.createDirectory(fixture.at('a.txt/b'), { ...follow, recursive: true }),
        );
      }
    }
    expect((await readdir('/proc/self/fd')).length).toBeLessThanOrEqual(before + 1);
  });
});

describe.skipIf(!onUnix)('readDirectory', () => {
  it('tells kinds through links and leaves out links that lead nowhere', async () => {
    await makeLinks();
    await mkdir(fixture.at('.hidden'));
    makeFifo(fixture.at('fifo'));
    const entries = await fixture.files.readDirectory(fixture.workspace);
    const file = { isDirectory: false, isFile: true };
    const directory = { isDirectory: true, isFile: false };
    expect(entries.sort((a, b) => (a.fileName < b.fileName ? -1 : 1))).toEqual([
      { fileName: '.hidden', ...directory },
      { fileName: 'a.txt', ...file },
      { fileName: 'd', ...directory },
      { fileName: 'dlink', ...directory },
      { fileName: 'fifo', isDirectory: false, isFile: false },
      { fileName: 'link', ...file },
    ]);
    expect(await fixture.files.readDirectory(fixture.at('dlink'))).toEqual([
      { fileName: 'in.txt', ...file },
    ]);
  });

  it('refuses a file and what is not there', async () => {
    await makeLinks();
    expect(await refusal(fixture.files.readDirectory(fixture.at('a.txt')))).toBe(notADirectory);
    expect(await refusal(fixture.files.readDirectory(fixture.at('nope')))).toBe(notFound);
  });

  it('lists very many entries, links among them', async () => {
    await mkdir(fixture.at('many'));
    for (let from = 0; from < 5000; from += 100) {
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          index % 10 === 0
            ? symlink('..', fixture.at('many', `${from + index}`))
            : writeFile(fixture.at('many', `${from + index}`), ''),
        ),
      );
    }
    const entries = await fixture.files.readDirectory(fixture.at('many'));
    expect(entries).toHaveLength(5000);
    expect(entries.filter((entry) => entry.isDirectory)).toHaveLength(500);
  });
});

describe.skipIf(!onUnix)('canonicalize', () => {
  it('gives the real path of what exists', async () => {
    await makeLinks();
    const paths = await Promise.all(
      ['link', 'dlink/in.txt', 'd/', '.'].map((name) =>
        fixture.files.canonicalize(fixture.at(name)),
      ),
    );
    expect(paths).toEqual([
      fixture.at('a.txt'),
      fixture.at('d/in.txt'),
      fixture.at('d'),
      fixture.workspace,
    ]);
  });

  it('refuses what leads nowhere', async () => {
    await makeLinks();
    const refusals = await Promise.all(
      ['broken', 'nope', 'loop1'].map((name) =>
        refusal(fixture.files.canonicalize(fixture.at(name))),
      ),
    );
    expect(refusals).toEqual([notFound, notFound, loop]);
  });
});

it('has made its folder usable', async () => {
  await access(fixture.workspace, constants.W_OK);
});
