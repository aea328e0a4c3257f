import {
  chmod,
  link,
  mkdir,
  readFile,
  readdir,
  rename,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OpenFile } from '../../../../src/environment/fileSystem';
import type { OpenMode } from '../../../../src/protocol/fileHandleMessages';
import { makeFifo, onUnix, outsideScope, refusal, useFileSystem } from './fileSystemFixture';

const fixture = useFileSystem();

const badDescriptor = '-32603 Bad file descriptor (os error 9)';

let opened: OpenFile[] = [];

async function open(path: string, mode: OpenMode = 'read'): Promise<OpenFile> {
  const file = await fixture.files.open(path, mode);
  opened.push(file);
  return file;
}

const replace = (path: string) => open(path, 'replace');

async function read(file: OpenFile, offset: number, length: number): Promise<string> {
  const { chunk, eof } = await file.readBlock(offset, length);
  return chunk.toString('latin1') + (eof ? '<end>' : '');
}

beforeEach(() => {
  opened = [];
});

afterEach(async () => {
  for (const file of opened) await file.close();
});

describe('reading blocks', () => {
  it('gives any part in any order, and the end only where less was left', async () => {
    await writeFile(fixture.at('six'), 'abcdef');
    const file = await open(fixture.at('six'));
    const blocks = [
      await read(file, 4, 4),
      await read(file, 0, 4),
      await read(file, 0, 6),
      await read(file, 6, 4),
      await read(file, 100, 4),
      await read(file, 0, 1024 ** 2),
      await read(file, 2 ** 60, 4),
    ];
    expect(blocks).toEqual(['ef<end>', 'abcd', 'abcdef', '<end>', '<end>', 'abcdef<end>', '<end>']);
  });

  it('gives nothing that was not in the file', async () => {
    await writeFile(fixture.at('small'), 'x');
    const file = await open(fixture.at('small'));
    const { chunk } = await file.readBlock(0, 4096);
    expect(chunk).toEqual(Buffer.from('x'));
  });

  it('follows what happens to the file, not to its name', async () => {
    await writeFile(fixture.at('a'), 'before');
    const file = await open(fixture.at('a'));
    await rename(fixture.at('a'), fixture.at('b'));
    await writeFile(fixture.at('a'), 'other');
    await writeFile(fixture.at('b'), 'after');
    expect(await read(file, 0, 10)).toBe('after<end>');
  });

  it.runIf(process.platform === 'linux')(
    'fills a block from a file that gives little at a time',
    async () => {
      const file = await open('/proc/kallsyms');
      const { chunk, eof } = await file.readBlock(0, 100_000);
      const whole = await readFile('/proc/kallsyms');
      expect({ isSame: chunk.equals(whole.subarray(0, 100_000)), eof }).toEqual({
        isSame: true,
        eof: false,
      });
    },
  );

  it('refuses offsets the system cannot count', async () => {
    await writeFile(fixture.at('a'), 'a');
    const file = await open(fixture.at('a'));
    expect(await refusal(file.readBlock(2 ** 63, 1))).toBe(
      '-32600 file read range exceeds the signed 64-bit file offset limit',
    );
  });

  it('needs a regular file', async () => {
    await mkdir(fixture.at('d'));
    expect(await refusal(open(fixture.at('d')))).toBe(
      `-32600 path \`${fixture.at('d')}\` is not a file`,
    );
    expect(await refusal(open(fixture.at('nope')))).toBe(
      '-32004 No such file or directory (os error 2)',
    );
    if (!onUnix) return;
    makeFifo(fixture.at('fifo'));
    expect(await refusal(open(fixture.at('fifo')))).toMatch(/^-32600 .* is not a file$/);
    expect(await refusal(open('/dev/null'))).toBe('-32600 path `/dev/null` is not a file');
    await writeFile(fixture.at('a'), 'linked');
    await symlink('a', fixture.at('link'));
    expect(await read(await open(fixture.at('link')), 0, 6)).toBe('linked');
  });

  it('is not for a file opened to be replaced', async () => {
    const file = await replace(fixture.at('w'));
    expect(await refusal(file.readBlock(0, 1))).toBe(badDescriptor);
  });
});

describe('writing blocks', () => {
  it('puts them where they belong, visible at once, with zeros in between', async () => {
    const file = await replace(fixture.at('w'));
    await file.writeBlock(0, Buffer.from('hello '));
    await file.writeBlock(6, Buffer.from('world'));
    await file.writeBlock(0, Buffer.from('J'));
    await file.writeBlock(13, Buffer.from('far'));
    expect(await readFile(fixture.at('w'), 'latin1')).toBe('Jello world\0\0far');
  });

  it.skipIf(!onUnix)('empties what was there when it is opened and keeps its mode', async () => {
    await writeFile(fixture.at('w'), 'before', { mode: 0o640 });
    await chmod(fixture.at('w'), 0o640);
    await replace(fixture.at('w'));
    const { size, mode } = await stat(fixture.at('w'));
    expect({ size, mode: mode & 0o777 }).toEqual({ size: 0, mode: 0o640 });
  });

  it.skipIf(!onUnix)('goes through links, also to what they are to make', async () => {
    await writeFile(fixture.at('a'), 'before');
    await symlink('a', fixture.at('link'));
    await symlink('made', fixture.at('dangling'));
    await (await replace(fixture.at('link'))).writeBlock(0, Buffer.from('A'));
    await (await replace(fixture.at('dangling'))).writeBlock(0, Buffer.from('B'));
    expect(await readFile(fixture.at('a'), 'utf8')).toBe('A');
    expect(await readFile(fixture.at('made'), 'utf8')).toBe('B');
  });

  it('is not for a file opened to be read', async () => {
    await writeFile(fixture.at('a'), 'a');
    const file = await open(fixture.at('a'));
    expect(await refusal(file.writeBlock(0, Buffer.from('x')))).toBe(badDescriptor);
    expect(await readFile(fixture.at('a'), 'utf8')).toBe('a');
  });

  it('refuses offsets no file reaches and leaves the file as it is', async () => {
    const file = await replace(fixture.at('w'));
    await file.writeBlock(0, Buffer.from('ab'));
    expect(await refusal(file.writeBlock(2 ** 53, Buffer.from('x')))).toBe(
      '-32603 File too large (os error 27)',
    );
    expect(await refusal(file.writeBlock(2 ** 63, Buffer.from('x')))).toBe(
      '-32600 file write range exceeds the signed 64-bit file offset limit',
    );
    expect(await readFile(fixture.at('w'), 'utf8')).toBe('ab');
  });

  it('needs a place for a regular file', async () => {
    await mkdir(fixture.at('d'));
    expect(await refusal(replace(fixture.at('d')))).toBe('-32603 Is a directory (os error 21)');
    expect(await refusal(replace(fixture.at('no/such')))).toMatch(/^-32004 /);
    if (!onUnix) return;
    makeFifo(fixture.at('fifo'));
    expect(await refusal(replace(fixture.at('fifo')))).toMatch(/^-32600 .* is not a file$/);
  });
});

describe.skipIf(!onUnix)('writing blocks outside the write scope', () => {
  const outsidePath = (...names: string[]) => join(fixture.outside, ...names);

  it('is refused before anything is emptied or made', async () => {
    await writeFile(outsidePath('victim'), 'untouched');
    await symlink(outsidePath('victim'), fixture.at('fileLink'));
    await symlink('../outside/made', fixture.at('danglingLink'));
    await symlink(fixture.outside, fixture.at('dirLink'));
    const paths = [
      outsidePath('victim'),
      outsidePath('made'),
      fixture.at('fileLink'),
      fixture.at('danglingLink'),
      fixture.at('dirLink/victim'),
      fixture.at('dirLink/made'),
      fixture.at('../outside/made'),
    ];
    for (const path of paths) expect(await refusal(replace(path))).toMatch(outsideScope);
    expect(await readdir(fixture.outside)).toEqual(['victim']);
    expect(await readFile(outsidePath('victim'), 'utf8')).toBe('untouched');
  });

  it('is refused from the next block on when the scope gets narrower', async () => {
    const file = await replace(fixture.at('w'));
    await file.writeBlock(0, Buffer.from('a'));
    fixture.scope.update({ mode: 'workspace', roots: [fixture.outside] });
    expect(await refusal(file.writeBlock(1, Buffer.from('b')))).toMatch(outsideScope);
    expect(await readFile(fixture.at('w'), 'utf8')).toBe('a');
    fixture.scope.update({ mode: 'workspace', roots: [fixture.workspace] });
    await file.writeBlock(1, Buffer.from('c'));
    expect(await readFile(fixture.at('w'), 'utf8')).toBe('ac');
  });

  it('cannot be brought about by a link that takes the place of the file', async () => {
    await writeFile(outsidePath('victim'), 'untouched');
    const file = await replace(fixture.at('w'));
    await rename(fixture.at('w'), fixture.at('moved'));
    await symlink(outsidePath('victim'), fixture.at('w'));
    await file.writeBlock(0, Buffer.from('x'));
    expect(await readFile(outsidePath('victim'), 'utf8')).toBe('untouched');
    expect(await readFile(fixture.at('moved'), 'utf8')).toBe('x');
  });

  it('does not touch a file read from there', async () => {
    await writeFile(outsidePath('source'), 'content');
    await link(outsidePath('source'), outsidePath('other'));
    expect(await read(await open(outsidePath('other')), 0, 7)).toBe('content');
  });
});
