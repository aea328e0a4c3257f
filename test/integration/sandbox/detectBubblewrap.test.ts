import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectBubblewrap } from '../../../src/environment/local/sandbox/detectBubblewrap';
import { temporaryFolder } from '../../support/temporaryFolder';

/** A folder of programs with a `bwrap` that is this script. */
async function programs(bwrap: string | undefined): Promise<string> {
  const folder = await temporaryFolder();
  await symlink('/bin/sh', join(folder, 'sh'));
  if (bwrap !== undefined) {
    await writeFile(join(folder, 'bwrap'), `#!/bin/sh\n${bwrap}\n`, { mode: 0o755 });
  }
  return folder;
}

const detect = (searchPath: string) => detectBubblewrap(searchPath, 50_000, []);

describe.skipIf(process.platform === 'win32')('looking for bubblewrap', () => {
  it('says what to install, or how to do without', async () => {
    await expect(detect(await programs(undefined))).rejects.toMatchObject({
      code: -32600,
      message: expect.stringMatching(/install bubblewrap .* or run the client with full access/),
    });
  });

  it('says why it does not work here', async () => {
    const folder = await programs('echo "bwrap: No permissions to create namespace" >&2; exit 1');
    await expect(detect(folder)).rejects.toMatchObject({
      code: -32600,
      message: expect.stringMatching(
        /does not work here \(bwrap: No permissions .*\); .* user namespaces are needed/,
      ),
    });
  });

  it('takes one that works, without signals where `env` cannot restore them', async () => {
    const folder = await programs('exit 0');
    const found = { bwrap: join(folder, 'bwrap'), shell: join(folder, 'sh') };
    expect(await detect(`relative:${folder}`)).toEqual({ ...found, env: undefined });
    await writeFile(join(folder, 'env'), '#!/bin/sh\nexit 125\n', { mode: 0o755 });
    expect(await detect(folder)).toEqual({ ...found, env: undefined });
    await writeFile(join(folder, 'env'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    expect(await detect(folder)).toEqual({ ...found, env: join(folder, 'env') });
  });
});
