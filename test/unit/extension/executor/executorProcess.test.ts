import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock';
import { nullLogger } from '../../../../src/base/logger';
import { launchExecutor } from '../../../../src/extension/executor/executorLauncher';
import { isProcessAlive, readStateFile } from '../../../../src/extension/executor/stateFileReader';
import { TOKEN } from '../fakeControlClient';
import { executorSettings } from '../../../support/executorSettings';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'exec-server-unit-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Runs a small script in place of the executor. */
async function launch(script: string) {
  const executorPath = path.join(folder, 'executor.cjs');
  await writeFile(executorPath, script);
  return launchExecutor({
    executorPath,
    cwd: folder,
    clock: systemClock,
    start: {
      settings: executorSettings([folder]),
      environment: { mode: 'local' },
      stateFile: path.join(folder, 'executor.json'),
      token: TOKEN,
    },
  });
}

describe('launchExecutor', () => {
  it('hands the start document over stdin, and no secret in arguments or environment', async () => {
    const ready = await launch(`
      const start = JSON.parse(require('fs').readFileSync(0, 'utf8'));
      const visible = JSON.stringify([process.argv, process.env, process.execArgv]);
      const safe = start.token.length > 32 && !visible.includes(start.token);
      const ours = process.argv[2] === '--owned' && process.env.ELECTRON_RUN_AS_NODE === '1';
      console.log(JSON.stringify({ pid: process.pid, port: safe && ours ? 1234 : 1, portChanged: false }));
    `);
    expect(ready).toEqual({ pid: expect.any(Number), port: 1234, portChanged: false });
  });

  it('tells the reason an executor gives, without secrets', async () => {
    const launched = launch(`
      process.stderr.write('warning\\nFailed to listen on ws://x/?token=${TOKEN}: in use\\n');
      process.exitCode = 1;
    `);
    await expect(launched).rejects.toThrow(
      'Failed to start the executor: Failed to listen on ws://x/?token=***',
    );
  });

  it('refuses an executor that says something else, and ends it', async () => {
    await expect(launch(`console.log('hello'); setInterval(() => {}, 1000);`)).rejects.toThrow(
      'it answered with something else than its port',
    );
  });

  it('tells when there is nothing to start', async () => {
    const launched = launchExecutor({
      executorPath: path.join(folder, 'absent.js'),
      cwd: path.join(folder, 'absent'),
      clock: systemClock,
      start: {
        settings: executorSettings([folder]),
        environment: { mode: 'local' },
        stateFile: path.join(folder, 'executor.json'),
      },
    });
    await expect(launched).rejects.toThrow(/^Failed to start the executor: .*ENOENT/);
  });
});

describe('readStateFile', () => {
  const state = {
    version: 1,
    instanceId: 'i',
    pid: 1,
    port: 7001,
    ownerToken: 'owner-token-0123456789-0123456789',
    startedAtMs: 0,
  };

  async function write(content: string, mode = 0o600): Promise<string> {
    const file = path.join(folder, 'executor.json');
    await writeFile(file, content);
    await chmod(file, mode);
    return file;
  }

  it('reads a file of ours', async () => {
    const file = await write(JSON.stringify(state));
    expect(await readStateFile(file, nullLogger)).toEqual(state);
  });

  it.each([
    ['others may read', JSON.stringify(state), 0o644],
    ['others may write', JSON.stringify(state), 0o620],
    ['is not JSON', 'port=7001', 0o600],
    ['has another format', JSON.stringify({ ...state, version: 2 }), 0o600],
    ['is huge', ' '.repeat(100_000), 0o600],
  ])('ignores a file that %s', async (_what, content, mode) => {
    expect(await readStateFile(await write(content, mode), nullLogger)).toBeUndefined();
  });

  it('ignores a link and an absent file', async () => {
    const link = path.join(folder, 'link.json');
    await symlink(await write(JSON.stringify(state)), link);
    expect(await readStateFile(link, nullLogger)).toBeUndefined();
    expect(await readStateFile(path.join(folder, 'absent'), nullLogger)).toBeUndefined();
  });

  it('knows whether a process exists', () => {
    expect([isProcessAlive(process.pid), isProcessAlive(2 ** 22 + 1)]).toEqual([true, false]);
  });
});
