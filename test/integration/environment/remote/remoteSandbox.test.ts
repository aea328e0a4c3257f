import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../../../../src/environment/sandbox';
import { ensureCodex } from '../../../host/codex.mjs';
import { NO_BUBBLEWRAP, hasBubblewrap } from '../../../host/bubblewrap.mjs';
import { ProcessWatch, script } from '../../../support/processFixtures';
import { useRemotes } from '../../../support/remotes';
import { temporaryFolder } from '../../../support/temporaryFolder';
import { follow, refusal } from '../local/fileSystemFixture';

const canConfine = hasBubblewrap();
if (!canConfine) it.skip(NO_BUBBLEWRAP);

const { open } = useRemotes();

const rule = (path: string, access: 'none' | 'read' | 'write') =>
  ({ place: { kind: 'path', path }, access }) as const;

/** A PATH on which the peer finds its sandbox helper: itself, called by that name. */
async function pathWithHelper(): Promise<string> {
  const bin = await temporaryFolder();
  const { command } = await ensureCodex();
  await symlink(command, join(bin, 'codex-linux-sandbox'));
  return `${bin}:/usr/bin:/bin`;
}

describe.runIf(canConfine).each(['ours', 'the real peer'] as const)(
  'a sandbox at a remote that is %s',
  (make) => {
    it('confines programs and files there', async () => {
      const path = await pathWithHelper();
      const { remote, folder } = await open(make, { path });
      const inside = join(folder, 'inside');
      const secret = join(inside, 'secret');
      await mkdir(secret, { recursive: true });
      await writeFile(join(secret, 'key'), 'hidden');
      const sandbox: Sandbox = {
        files: [
          rule('/', 'read'),
          rule(inside, 'write'),
          rule(secret, 'none'),
          { place: { kind: 'temporaryDirectory' }, access: 'write' },
        ],
        network: 'restricted',
      };
      const text = 'echo in > in.txt; cat secret/key; echo out > ../out.txt';
      const request = script(text, { cwd: inside, env: { PATH: path }, sandbox });
      const watch = await new ProcessWatch(await remote.processes.start(request)).closed();
      const files = remote.confinedFileSystem(sandbox);
      expect({
        sandboxType: watch.process.sandboxType,
        state: watch.process.state,
        hidden: !watch.text.includes('hidden'),
        inside: await readFile(join(inside, 'in.txt'), 'utf8'),
        outside: await refusal(readFile(join(folder, 'out.txt'))),
        written: await refusal(files.writeFile(join(inside, 'f'), Buffer.from('x'), follow)),
        read: (await files.readFile(join(inside, 'f'), follow)).toString(),
        writtenOutside: await refusal(files.writeFile(join(folder, 'f'), Buffer.from('x'), follow)),
        secret: (await refusal(files.readFile(join(secret, 'key'), follow))) !== 'no failure',
        blocks: await refusal(files.open(join(folder, 'g'), 'replace')),
      }).toEqual({
        sandboxType: 'linuxSeccomp',
        state: expect.objectContaining({ exitCode: 1, sandboxDenied: true, closed: true }),
        hidden: true,
        inside: 'in\n',
        outside: '-32004 No such file or directory (os error 2)',
        written: 'no failure',
        read: 'x',
        writtenOutside: '-32603 Read-only file system (os error 30)',
        secret: true,
        blocks: '-32603 Read-only file system (os error 30)',
      });
    });
  },
);
