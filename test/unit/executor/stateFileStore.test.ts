import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StateFile } from '../../../src/executor/stateFile';
import {
  readStateFile,
  removeStateFile,
  writeStateFile,
} from '../../../src/executor/stateFileStore';

const state: StateFile = {
  version: 1,
  instanceId: 'instance-1',
  pid: 4711,
  port: 4000,
  ownerToken: 'o'.repeat(43),
  startedAtMs: 1,
};

describe('state file', () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'exec-server-test-'));
    path = join(folder, 'executor.json');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is read as it was written', async () => {
    await writeStateFile(path, state);
    expect(await readStateFile(path)).toEqual(state);
  });

  it('can be read by its owner only, also when the umask would allow everybody', async () => {
    const umask = process.umask(0);
    try {
      await writeStateFile(path, state);
    } finally {
      process.umask(umask);
    }
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('replaces what stood there, whole, and leaves no draft', async () => {
    await writeFile(path, 'x'.repeat(10_000), { mode: 0o666 });
    await writeStateFile(path, state);
    expect({
      entries: await readdir(folder),
      mode: (await stat(path)).mode & 0o777,
      text: await readFile(path, 'utf8'),
    }).toEqual({ entries: ['executor.json'], mode: 0o600, text: JSON.stringify(state) });
  });

  it('replaces a planted link instead of writing through it', async () => {
    const target = join(folder, 'target');
    await writeFile(target, 'untouched');
    await symlink(target, path);
    await writeStateFile(path, state);
    expect({ target: await readFile(target, 'utf8'), read: await readStateFile(path) }).toEqual({
      target: 'untouched',
      read: state,
    });
  });

  it.each(['file', 'link'])('refuses a %s planted in the place of its draft', async (kind) => {
    const draft = `${path}.${state.instanceId}`;
    const target = join(folder, 'target');
    if (kind === 'link') await symlink(target, draft);
    else await writeFile(draft, 'planted', { mode: 0o666 });
    await expect(writeStateFile(path, state)).rejects.toMatchObject({ code: 'EEXIST' });
    expect((await readdir(folder)).sort()).toEqual(['executor.json.instance-1']);
  });

  it('leaves no draft with the owner token when it cannot be put in place', async () => {
    await mkdir(path);
    await expect(writeStateFile(path, state)).rejects.toThrow();
    expect(await readdir(folder)).toEqual(['executor.json']);
  });

  it.each([
    ['nothing', ''],
    ['half of one', JSON.stringify(state).slice(0, 40)],
    ['null', 'null'],
    ['an array', '[]'],
    ['a later version', JSON.stringify({ ...state, version: 2 })],
    ['a short token', JSON.stringify({ ...state, ownerToken: 'short' })],
    ['a port that is none', JSON.stringify({ ...state, port: 0 })],
    ['a pid that would name a process group', JSON.stringify({ ...state, pid: -1 })],
    ['somebody else’s JSON', '{"name":"package","version":"1.0.0"}'],
  ])('is none of ours when it holds %s', async (_what, text) => {
    await writeFile(path, text);
    expect(await readStateFile(path)).toBeUndefined();
  });

  it('is absent when it is absent', async () => {
    expect(await readStateFile(path)).toBeUndefined();
  });

  it('is removed by the executor it speaks of and by no other one', async () => {
    await writeStateFile(path, state);
    await removeStateFile(path, 'another');
    const keptByAnother = await readdir(folder);
    await removeStateFile(path, state.instanceId);
    await removeStateFile(path, state.instanceId);
    expect({ keptByAnother, left: await readdir(folder) }).toEqual({
      keptByAnother: ['executor.json'],
      left: [],
    });
  });
});
