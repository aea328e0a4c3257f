import {
  chmod,
  lstat,
  mkdir,
  readFile,
  readdir,
  rename,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { compileCached } from '../../../src/executor/codeCache';
import { useExecutorBundle } from '../../support/executorProcess';
import { until } from '../../support/processFixtures';
import { temporaryFolder } from '../../support/temporaryFolder';
import { WireClient } from '../../support/wireClient';

let folder: string;
beforeEach(async () => {
  folder = join(await temporaryFolder(), 'exec-server');
});

const source = 'exports.answer = () => 42; // the last line';

function compile(text = source) {
  const compiled = compileCached(Buffer.from(text), 'answer.js', folder);
  const module = { exports: {} as { answer: () => number } };
  compiled.evaluate(module.exports, createRequire(import.meta.url), module, 'answer.js', '.');
  return { ...compiled, value: module.exports.answer() };
}

/** Keeps the code of a start and tells its file. */
async function keep(): Promise<string> {
  compile().save();
  const [name = ''] = await readdir(folder);
  return join(folder, name);
}

describe('compileCached', () => {
  it('takes over the code of an earlier start', () => {
    const first = compile();
    first.save();
    const second = compile();
    expect([first, second].map(({ value, isCached }) => ({ value, isCached }))).toEqual([
      { value: 42, isCached: false },
      { value: 42, isCached: true },
    ]);
  });

  it('keeps code for its user only, in one file that a start with it does not touch', async () => {
    const path = await keep();
    const written = await lstat(path, { bigint: true });
    compile().save();
    const after = await lstat(path, { bigint: true });
    const { mode } = await lstat(folder);
    expect({
      folder: mode & 0o777,
      file: Number(written.mode) & 0o777,
      names: (await readdir(folder)).length,
      untouched: after.ino === written.ino && after.mtimeNs === written.mtimeNs,
    }).toEqual({ folder: 0o700, file: 0o600, names: 1, untouched: true });
  });

  it('does not take the code of another program of the same length', () => {
    compile().save();
    const { value, isCached } = compile(source.replace('42', '43'));
    expect({ value, isCached }).toEqual({ value: 43, isCached: false });
  });

  it.each([
    ['cut short', (code: Buffer) => code.subarray(0, code.length / 2)],
    ['emptied', () => Buffer.alloc(0)],
    ['changed in one bit', (code: Buffer) => code.fill(code.readUInt8(200) ^ 1, 200, 201)],
  ])('replaces code that was %s', async (_how, damage) => {
    const path = await keep();
    await writeFile(path, damage(await readFile(path)));
    const damaged = compile();
    damaged.save();
    expect([damaged.isCached, compile().isCached]).toEqual([false, true]);
  });

  it.runIf(process.platform !== 'win32')('uses no folder that others may write to', async () => {
    await keep();
    await chmod(folder, 0o770);
    const start = compile();
    start.save();
    expect([start.isCached, (await readdir(folder)).length]).toEqual([false, 1]);
  });

  it.runIf(process.platform !== 'win32')('uses no file that others may write to', async () => {
    await chmod(await keep(), 0o620);
    expect(compile().isCached).toBe(false);
  });

  it.runIf(process.platform !== 'win32')('follows no link to a folder', async () => {
    await keep();
    await rename(folder, `${folder}-moved`);
    await symlink(`${folder}-moved`, folder);
    expect(compile().isCached).toBe(false);
  });

  it.runIf(process.getuid?.() === 0)('uses no folder of another user', async () => {
    const { chown } = await import('node:fs/promises');
    await keep();
    await chown(folder, 12_345, 12_345);
    expect(compile().isCached).toBe(false);
  });

  it('goes without where there is no place to keep code', async () => {
    folder = join(folder, 'absent', 'exec-server');
    compile().save();
    const noPlace = compile();
    folder = join(await temporaryFolder(), 'exec-server');
    await writeFile(folder, 'a file');
    compile().save();
    expect([noPlace.isCached, compile().isCached, await readFile(folder, 'utf8')]).toEqual([
      false,
      false,
      'a file',
    ]);
  });

  it('drops what no start has made for months, and nothing that is not its own', async () => {
    await mkdir(folder, { mode: 0o700 });
    const longAgo = new Date(Date.now() - 100 * 24 * 60 * 60 * 1000);
    for (const name of ['a.code', 'b.code.0123abcd', 'notes.txt']) {
      await writeFile(join(folder, name), '');
      await utimes(join(folder, name), longAgo, longAgo);
    }
    await writeFile(join(folder, 'recent.code'), '');
    compile().save();
    expect((await readdir(folder)).sort()).toEqual([
      expect.stringMatching(/^[0-9a-f]{64}\.code$/),
      'notes.txt',
      'recent.code',
    ]);
  });
});

describe('exec-server', () => {
  const { start } = useExecutorBundle();

  it('starts from the code an earlier start has kept, and serves as without it', async () => {
    const caches = await temporaryFolder();
    const env = { ...process.env, XDG_CACHE_HOME: caches, NODE_DEBUG: 'exec-server' };
    const answers: unknown[] = [];
    for (const isCached of [false, true]) {
      const executor = start(['--ws-auth', 'none'], { env });
      const client = await WireClient.open(await executor.firstLine());
      answers.push(await client.request('environment/info'));
      await until(
        () => executor.stderr.includes(isCached ? 'code taken from' : 'code kept in'),
        'the start tells what it did with the cache',
      );
      await client.close();
      await executor.stop('SIGTERM');
    }
    // A name of its own, random, is the only thing that tells two starts apart.
    const servedThrough = [expect.any(String)];
    expect(answers[1]).toEqual({ ...(answers[0] as object), servedThrough });
    expect(await readdir(join(caches, 'exec-server'))).toHaveLength(1);
  });

  it('starts without a home and without caches', async () => {
    const env = { PATH: process.env['PATH'], HOME: '' };
    const executor = start(['--ws-auth', 'none', '--log-level', 'error'], { env });
    const client = await WireClient.open(await executor.firstLine());
    await client.close();
    await executor.stop('SIGTERM');
    expect(executor.stderr).toBe('');
  });
});
