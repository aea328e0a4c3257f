import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NO_BUBBLEWRAP, hasBubblewrap } from '../../host/bubblewrap.mjs';
import { useExecutorBundle } from '../../support/executorProcess';
import { commandLineOf } from '../../support/processFacts';
import { until } from '../../support/processFixtures';
import type { SandboxedAgent } from '../../support/sandboxedAgent';
import { connectSandboxedAgent } from '../../support/sandboxedAgent';
import {
  at,
  inProject,
  managed,
  readOnly,
  readRoot,
  workspaceWrite,
  writeProject,
} from '../../support/sandboxes';

const canConfine = hasBubblewrap();
const bundle = useExecutorBundle();
const connect = () => connectSandboxedAgent(bundle);

const readOnlyError = { error: { code: -32603, message: 'Read-only file system (os error 30)' } };
const notFound = { error: { code: -32004, message: 'No such file or directory (os error 2)' } };
const denied = { error: { code: -32600, message: 'Permission denied (os error 13)' } };
const done = { result: {} };

const uri = (...names: string[]): string => `file://${join(...names)}`;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

if (!canConfine) it.skip(NO_BUBBLEWRAP);

describe.runIf(canConfine)('a sandboxed file operation', () => {
  it('changes files in the project and nowhere else', async () => {
    const { client, workspace, outside } = await connect();
    const sandbox = workspaceWrite(workspace);
    await writeFile(join(outside, 'kept'), 'kept');
    const write = (path: string) =>
      client.call('fs/writeFile', { path, dataBase64: base64('text'), sandbox });
    const copyTo = (destinationPath: string) =>
      client.call('fs/copy', {
        sourcePath: uri(workspace, 'a'),
        destinationPath,
        recursive: false,
        sandbox,
      });
    expect(await write(uri(workspace, 'a'))).toEqual(done);
    expect(await copyTo(uri(workspace, 'b'))).toEqual(done);
    expect(await write(uri(outside, 'a'))).toEqual(readOnlyError);
    expect(await copyTo(uri(outside, 'b'))).toEqual(readOnlyError);
    for (const [method, more] of [
      ['fs/createDirectory', { path: uri(outside, 'folder') }],
      ['fs/remove', { path: uri(outside, 'kept') }],
      ['fs/open', { path: uri(outside, 'kept'), handleId: 'h', mode: 'replace' }],
    ] as const) {
      expect(await client.call(method, { ...more, sandbox }), method).toEqual(readOnlyError);
    }
    expect(await readdir(outside)).toEqual(['kept']);
    expect((await readdir(workspace)).sort()).toEqual(['a', 'b']);
    const inReadOnly = { path: uri(workspace, 'a'), sandbox: readOnly(workspace) };
    expect(await client.call('fs/remove', inReadOnly)).toEqual(readOnlyError);
  });

  it('leaves the project through no link and plants no instructions', async () => {
    const { client, workspace, outside } = await connect();
    await symlink(outside, join(workspace, 'way'));
    await mkdir(join(workspace, '.agents'));
    const sandbox = workspaceWrite(workspace);
    for (const path of ['way/x', '.git/config', '.codex/config.toml', '.agents/x']) {
      const params = { path: uri(workspace, path), sandbox };
      const reply = await client.call('fs/writeFile', { ...params, dataBase64: base64('x') });
      expect(reply, path).toEqual(readOnlyError);
    }
    const made = await client.call('fs/createDirectory', { path: uri(workspace, '.git'), sandbox });
    expect(made).toEqual(readOnlyError);
    // Nor by a copy into the folder that would hold them.
    await mkdir(join(outside, 'tree', '.git'), { recursive: true });
    await mkdir(join(outside, 'file'));
    await writeFile(join(outside, 'file', '.codex'), '');
    for (const name of ['tree', 'file']) {
      const copied = await client.call('fs/copy', {
        sourcePath: uri(outside, name),
        destinationPath: uri(workspace),
        recursive: true,
        sandbox,
      });
      expect(copied, name).toEqual(readOnlyError);
      await rm(join(outside, name), { recursive: true });
    }
    expect(await readdir(outside)).toEqual([]);
    expect((await readdir(workspace)).sort()).toEqual(['.agents', 'way']);
  });

  it('reads what the rules show', async () => {
    const { client, workspace, outside } = await connect();
    await mkdir(join(workspace, 'closed'));
    await writeFile(join(workspace, 'closed', 'file'), 'hidden');
    await writeFile(join(workspace, 'masked'), 'hidden');
    await writeFile(join(workspace, 'plain'), 'plain');
    await writeFile(join(outside, 'file'), 'hidden');
    const rules = [
      writeProject,
      inProject('closed', 'none'),
      at(join(workspace, 'masked'), 'none'),
    ] as const;
    const sandbox = managed(workspace, rules);
    const read = (...names: string[]) =>
      client.call('fs/readFile', { path: uri(...names), sandbox });
    expect(await read(workspace, 'plain')).toEqual({ result: { dataBase64: base64('plain') } });
    expect(await read(workspace, 'closed', 'file')).toEqual(denied);
    expect(await read(workspace, 'masked')).toEqual(denied);
    expect(await read(outside, 'file')).toEqual(notFound);
    const walk = await client.request('fs/walk', {
      path: uri(workspace),
      options: { maxDepth: 3, maxDirectories: 9, maxEntries: 9, followDirectorySymlinks: true },
      sandbox,
    });
    expect(JSON.stringify(walk)).not.toContain('closed/file');
    const metadata = { path: uri(workspace, 'plain'), sandbox };
    expect(await client.request('fs/getMetadata', metadata)).toMatchObject({ size: 5 });
    expect(await client.call('fs/canonicalize', { path: uri(outside), sandbox })).toEqual(notFound);
  });

  it('moves large contents and blocks unchanged', async () => {
    const { client, workspace } = await connect();
    const sandbox = workspaceWrite(workspace);
    const content = Buffer.alloc(5_000_003);
    for (const [index] of content.entries()) content[index] = (index * 7) % 253;
    const path = uri(workspace, 'large');
    const dataBase64 = content.toString('base64');
    await client.request('fs/writeFile', { path, dataBase64, sandbox });
    expect(content.equals(await readFile(join(workspace, 'large')))).toBe(true);
    const whole = await client.request('fs/readFile', { path, sandbox });
    expect((whole as { dataBase64: string }).dataBase64 === dataBase64).toBe(true);
    await client.request('fs/open', { handleId: 'r', path, sandbox });
    const block = { handleId: 'r', offset: 4_999_999, len: 100 };
    expect(await client.request('fs/readBlock', block)).toEqual({
      chunk: content.subarray(4_999_999).toString('base64'),
      eof: true,
    });
    await client.request('fs/close', { handleId: 'r' });
    await client.request('fs/open', { handleId: 'w', path, mode: 'replace', sandbox });
    const chunk = base64('block');
    await client.request('fs/writeBlock', { handleId: 'w', offset: 3, chunk });
    await client.request('fs/close', { handleId: 'w' });
    expect(await readFile(join(workspace, 'large'), 'latin1')).toBe('\0\0\0block');
  });

  it('tells that a missing file has appeared', async () => {
    const { client, workspace } = await connect();
    const watch = { watchId: 3, missing: [uri(workspace, 'wanted')] };
    const sandbox = workspaceWrite(workspace);
    expect(await client.request('fs/watchMissing', { ...watch, sandbox })).toEqual({
      watching: true,
    });
    await writeFile(join(workspace, 'wanted'), '');
    const told = await client.next(({ method }) => method === 'fs/missingChanged');
    expect(told['params']).toEqual({ watchId: 3 });
  });

  it('sees a project that was replaced by another of its name', async () => {
    const { client, workspace } = await connect();
    const sandbox = workspaceWrite(workspace);
    const params = { path: uri(workspace, 'sub', 'x'), dataBase64: '', sandbox };
    await client.request('fs/createDirectory', { path: uri(workspace, 'sub'), sandbox });
    const narrow = {
      ...params,
      sandbox: managed(join(workspace, 'sub'), [readRoot, writeProject]),
    };
    expect(await client.call('fs/writeFile', narrow)).toEqual(done);
    await client.request('fs/remove', { path: uri(workspace, 'sub') });
    await mkdir(join(workspace, 'sub'));
    expect(await client.call('fs/writeFile', narrow)).toEqual(done);
    expect(await readdir(join(workspace, 'sub'))).toEqual(['x']);
  });

  it('keeps the scope of the settings as well', async () => {
    const { client, workspace } = await connectSandboxedAgent(bundle, []);
    // Not the temporary directory, which is in the scope; the clone may lie in it.
    const elsewhere = await mkdtemp('/var/tmp/exec-server-test-');
    onTestFinished(() => rm(elsewhere, { recursive: true }));
    const write = (folder: string) =>
      client.call('fs/writeFile', {
        path: uri(folder, 'x'),
        dataBase64: '',
        sandbox: workspaceWrite(folder),
      });
    expect(await write(workspace)).toEqual(done);
    expect(await write(elsewhere)).toMatchObject({ error: { code: -32014 } });
    expect(await readdir(elsewhere)).toEqual([]);
  });

  it('goes on after a helper was killed', async () => {
    const agent = await connect();
    const { client, workspace } = agent;
    await writeFile(join(workspace, 'a'), 'a');
    const params = { path: uri(workspace, 'a'), sandbox: readOnly(workspace) };
    await client.request('fs/readFile', params);
    await client.request('fs/open', { ...params, handleId: 'h' });
    const helpers = helpersOf(agent);
    expect(helpers).toHaveLength(1);
    for (const helper of helpers) process.kill(helper, 'SIGKILL');
    await agent.executor.untilLogged('file helper ended');
    const block = { handleId: 'h', offset: 0, len: 1 };
    expect(await client.call('fs/readBlock', block)).toMatchObject({
      error: { code: -32603, message: expect.stringContaining('try again') },
    });
    expect(await client.request('fs/readFile', params)).toEqual({ dataBase64: base64('a') });
    await client.request('fs/close', { handleId: 'h' });
  });

  it('leaves no helper behind when the executor ends', async () => {
    const agent = await connect();
    const params = { path: uri(agent.workspace), sandbox: readOnly(agent.workspace) };
    await agent.client.request('fs/readDirectory', params);
    const helpers = helpersOf(agent);
    expect(helpers).toHaveLength(1);
    await agent.executor.stop('SIGTERM');
    await until(() => !helpers.some(isRunning), 'the helper is gone');
  });
});

function helpersOf({ executor }: SandboxedAgent): number[] {
  const { pid } = executor;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ');
  return children
    .filter(Boolean)
    .map(Number)
    .filter((child) => commandLineOf(child).includes('fs-helper'));
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
