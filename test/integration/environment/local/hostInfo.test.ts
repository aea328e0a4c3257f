import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PROTOCOL_RELEASE } from '../../../../src/protocol/protocolRelease';
import { localEnvironmentInfo } from '../../../../src/environment/local/hostInfo';

const options = { workspaceFolders: ['/first', '/second'] };
let folder = '';

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'exec-server-host-')));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function shellAt(name: string, mode = 0o755): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, '#!/bin/sh\n');
  await chmod(path, mode);
  return path;
}

describe.skipIf(process.platform === 'win32')('facts about this machine', () => {
  it('name the first workspace folder, or else the home, as the place to run in', () => {
    expect(localEnvironmentInfo(options)).toMatchObject({
      executorVersion: PROTOCOL_RELEASE,
      cwd: '/first',
      userHomeDir: homedir(),
      platformOs: process.platform === 'darwin' ? 'macos' : 'linux',
      tempDir: tmpdir(),
      features: { fileWriteStreaming: true, fsWatchMissing: process.platform === 'linux' },
    });
    expect(localEnvironmentInfo({ ...options, workspaceFolders: [] }).cwd).toBe(homedir());
  });

  it.each(['bash', 'zsh', 'sh'])('take the %s the user has chosen', async (name) => {
    const path = await shellAt(name);
    expect(localEnvironmentInfo(options, { SHELL: path }).shell).toEqual({ name, path });
  });

  it('pass over a shell clients cannot talk to, and one that cannot be run', async () => {
    const fish = await shellAt('fish');
    const noProgram = await shellAt('bash', 0o644);
    await mkdir(join(folder, 'zsh'));
    const choices = [
      fish,
      noProgram,
      join(folder, 'zsh'),
      join(folder, 'sh'),
      'bash',
      '',
      undefined,
    ];
    for (const SHELL of choices) {
      const { shell } = localEnvironmentInfo(options, { SHELL });
      expect(shell.path).not.toBe(SHELL);
      expect(['bash', 'zsh', 'sh']).toContain(shell.name);
      expect(isAbsolute(shell.path)).toBe(true);
    }
  });

  it('name the temporary directory of the user only if it is a place', () => {
    const directories = ['/var/tmp', 'relative', '', undefined].map(
      (TMPDIR) => localEnvironmentInfo(options, { TMPDIR }).temporaryDirectories,
    );
    expect(directories).toEqual([['/var/tmp'], [], [], []]);
  });
});
