import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readdir, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { NO_BUBBLEWRAP, hasBubblewrap } from '../../host/bubblewrap.mjs';
import { publicFactsOf, useExecutorBundle } from '../../support/executorProcess';
import { isAlive, until } from '../../support/processFixtures';
import { connectSandboxedAgent } from '../../support/sandboxedAgent';
import { temporaryFolder } from '../../support/temporaryFolder';
import {
  at,
  inProject,
  managed,
  matching,
  minimalSystem,
  readOnly,
  readRoot,
  workspaceWrite,
  writeProject,
} from '../../support/sandboxes';

const canConfine = hasBubblewrap();
const bundle = useExecutorBundle();
const connect = () => connectSandboxedAgent(bundle);

if (!canConfine) it.skip(NO_BUBBLEWRAP);

describe.runIf(canConfine)('a sandboxed program', () => {
  it('writes in the project and nowhere else', async () => {
    const agent = await connect();
    const { workspace, outside } = agent;
    const sandbox = workspaceWrite(workspace);
    expect(
      await agent.start('p', `echo in > in.txt; echo out > ${outside}/out.txt`, sandbox),
    ).toEqual({ processId: 'p', sandboxType: 'linuxSeccomp' });
    expect(await agent.ended('p')).toEqual({
      output: expect.stringContaining('Read-only file system'),
      exitCode: 2,
      sandboxDenied: true,
    });
    expect(await readFile(join(workspace, 'in.txt'), 'utf8')).toBe('in\n');
    expect(await readdir(outside)).toEqual([]);
    const { exitCode } = await agent.run('q', 'echo x > in.txt', readOnly(workspace));
    expect(exitCode).toBe(2);
  });

  it('does not count as denied when it fails for itself', async () => {
    const agent = await connect();
    expect(await agent.run('p', 'echo no; exit 3', readOnly(agent.workspace))).toEqual({
      output: 'no\n',
      exitCode: 3,
      sandboxDenied: false,
    });
    const read = await agent.client.request('process/read', { processId: 'p' });
    expect(read).toMatchObject({ exitCode: 3, sandboxDenied: false });
  });

  it('cannot plant what tools outside take instructions from, there or not', async () => {
    const agent = await connect();
    const { workspace } = agent;
    await mkdir(join(workspace, '.git'));
    await writeFile(join(workspace, '.git', 'config'), 'kept');
    const tries = ['echo x > .git/config', 'rm -rf .git', 'mv .git other', 'mkdir -p .codex/x'];
    const command = tries.map((attempt) => `(${attempt}) && echo "done: ${attempt}"`).join('; ');
    const { output } = await agent.run('p', command, workspaceWrite(workspace));
    expect(output).not.toContain('done');
    // What was made to cover the missing ones is gone again.
    await until(() => readdirSync(workspace).length === 1, 'the folders are removed');
    expect(await readdir(workspace)).toEqual(['.git']);
    expect(await readFile(join(workspace, '.git', 'config'), 'utf8')).toBe('kept');
  });

  it('shares the folders that cover missing ones with others that run at the same time', async () => {
    const agent = await connect();
    const { workspace } = agent;
    const sandbox = workspaceWrite(workspace);
    await agent.start('long', 'read line; mkdir .git; echo "mkdir: $?"', sandbox, {
      pipeStdin: true,
    });
    await agent.run('short', 'true', sandbox);
    await agent.client.request('process/write', {
      processId: 'long',
      chunk: Buffer.from('\n').toString('base64'),
      writeId: '1',
    });
    expect((await agent.ended('long')).output).toContain('mkdir: 1');
    await until(() => !existsSync(join(workspace, '.git')), 'the folders are removed');
  });

  it('may change a guarded folder that a rule gives it', async () => {
    const agent = await connect();
    const { workspace } = agent;
    const sandbox = managed(workspace, [readRoot, writeProject, inProject('.git', 'write')]);
    const { exitCode } = await agent.run('p', 'mkdir .git && echo x > .git/config', sandbox);
    expect(exitCode).toBe(0);
    expect(existsSync(join(workspace, '.git', 'config'))).toBe(true);
  });

  it('is refused when a guarded folder is a link it could replace', async () => {
    const agent = await connect();
    await symlink(agent.outside, join(agent.workspace, '.git'));
    await expect(agent.start('p', 'true', workspaceWrite(agent.workspace))).rejects.toThrow(
      /-32600 .*\.git cannot be enforced: .* is a symbolic link/,
    );
  });

  it('leaves the project through no link', async () => {
    const agent = await connect();
    await symlink(agent.outside, join(agent.workspace, 'way'));
    const { output } = await agent.run('p', 'echo x > way/x', workspaceWrite(agent.workspace));
    expect(output).toContain('Read-only file system');
    expect(await readdir(agent.outside)).toEqual([]);
  });

  it('follows the closest rule, whatever their order', async () => {
    const agent = await connect();
    const { workspace } = agent;
    await mkdir(join(workspace, 'secret', 'open'), { recursive: true });
    await writeFile(join(workspace, 'secret', 'key.txt'), 'hidden');
    await writeFile(join(workspace, 'a.env'), 'hidden');
    await writeFile(join(workspace, 'secret', 'open', 'b.env'), 'hidden');
    const sandbox = managed(workspace, [
      inProject('secret/open', 'write'),
      matching('**/*.env', 'none'),
      inProject('secret', 'none'),
      writeProject,
      readRoot,
    ]);
    const { output } = await agent.run(
      'p',
      'cat a.env secret/key.txt secret/open/b.env; ls secret; echo x > secret/open/made && echo ok',
      sandbox,
    );
    expect(output).not.toContain('hidden');
    expect(output).toContain('ok\n');
    expect(existsSync(join(workspace, 'secret', 'open', 'made'))).toBe(true);
  });

  it('sees the system and what its rules name, when the root is not among them', async () => {
    const agent = await connect();
    const { workspace, outside } = agent;
    await writeFile(join(outside, 'x'), 'hidden');
    const sandbox = managed(workspace, [minimalSystem, at(workspace, 'read')]);
    const { output } = await agent.run('p', `ls /; pwd; cat ${outside}/x; echo x > y`, sandbox);
    expect(output).toContain(`${workspace}\n`);
    expect(output).toContain('No such file or directory');
    expect(output).not.toMatch(/hidden|^home$/m);
    expect(await readdir(workspace)).toEqual([]);
  });

  it('has no rights over its own walls', async () => {
    const agent = await connect();
    const { output } = await agent.run(
      'p',
      'grep -E "^(CapEff|CapBnd|NoNewPrivs|Seccomp):" /proc/self/status; umount .git && echo gone',
      workspaceWrite(agent.workspace),
    );
    const facts = output.split('\n').filter((line) => line.includes('\t'));
    expect(facts).toEqual([
      'CapEff:\t0000000000000000',
      'CapBnd:\t0000000000000000',
      'NoNewPrivs:\t1',
      'Seccomp:\t2',
    ]);
    expect(output).not.toContain('gone');
  });

  it('reaches neither the network nor sockets in the file system, when it may not', async () => {
    const agent = await connect();
    const { workspace, outside } = agent;
    const path = join(outside, 'service.sock');
    const unix = createServer((socket) => socket.end('unix')).listen(path);
    const tcp = createServer((socket) => socket.end('tcp')).listen(0, '127.0.0.1');
    await Promise.all([once(unix, 'listening'), once(tcp, 'listening')]);
    onTestFinished(() => {
      unix.close();
      tcp.close();
    });
    const address = tcp.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const program = `
      const net = require('node:net');
      const say = (name) => (error) => console.log(name, error?.code ?? 'reached');
      for (const to of [${JSON.stringify(path)}, { port: ${String(port)}, host: '127.0.0.1' }]) {
        const name = typeof to === 'string' ? 'unix' : 'tcp';
        net.connect(to).on('error', say(name)).on('connect', function () { say(name)(); this.end(); });
      }
      require('node:child_process').exec('echo child', (error, text) => console.log(error ?? text));
    `;
    const argv = [process.execPath, '-e', program];
    const restricted = await agent.run('p', '', readOnly(workspace), { argv });
    expect(restricted.output.split('\n').sort()).toEqual([
      '',
      '',
      'child',
      'tcp EPERM',
      'unix EPERM',
    ]);
    const open = managed(workspace, [readRoot], 'enabled');
    expect((await agent.run('q', '', open, { argv })).output).toMatch(/^tcp reached$/m);
  });

  it('is confined in its network alone, where its files are confined by others', async () => {
    const agent = await connect();
    const sandbox = {
      permissions: { type: 'external', network: 'restricted' },
      windowsSandboxLevel: 'disabled',
    };
    const { output } = await agent.run(
      'p',
      `ls /sys/class/net; echo x > ${agent.outside}/x`,
      sandbox,
    );
    expect(output).toContain('lo');
    expect(await readdir(agent.outside)).toEqual(['x']);
    const none = { ...sandbox, permissions: { type: 'external', network: 'enabled' } };
    expect(await agent.start('q', 'true', none)).toMatchObject({ sandboxType: 'none' });
  });

  it.each([false, true])('survives an interrupt that it handles (tty: %s)', async (tty) => {
    const agent = await connect();
    const handles = "trap 'echo caught; exit 7' INT; echo ready; while :; do sleep 0.1; done";
    await agent.start('p', handles, readOnly(agent.workspace), { tty });
    await agent.client.next(
      ({ method, params }) =>
        method === 'process/output' && (params as { processId: string }).processId === 'p',
    );
    await agent.client.request('process/signal', { processId: 'p', signal: 'interrupt' });
    expect(await agent.ended('p')).toMatchObject({
      output: expect.stringContaining('caught'),
      exitCode: 7,
    });
  });

  it('takes what it started with it when it is terminated', async () => {
    const agent = await connect();
    await agent.start('p', 'setsid sleep 1000 & sleep 1000 & wait', readOnly(agent.workspace));
    const treeOf = (): number[] =>
      childrenOf(agent.executor.pid)
        .filter((pid) => nameOf(pid).startsWith('bwrap'))
        .flatMap(descendantsOf);
    // Bubblewrap twice, the shell and what it started.
    await until(() => treeOf().length === 5, 'all of it runs');
    const tree = treeOf();
    await agent.client.request('process/terminate', { processId: 'p' });
    expect(await agent.ended('p')).toMatchObject({ exitCode: 137 });
    await until(() => !tree.some(isAlive), 'nothing of the sandbox is left');
  });

  it('leaves nothing in the project when the executor ends', async () => {
    const agent = await connect();
    await agent.start('p', 'echo up; sleep 1000', workspaceWrite(agent.workspace));
    await agent.client.next(({ method }) => method === 'process/output');
    expect((await readdir(agent.workspace)).sort()).toEqual(['.agents', '.aws', '.codex', '.git']);
    await agent.executor.stop('SIGTERM');
    expect(await readdir(agent.workspace)).toEqual([]);
  });

  it('tells others nothing of its environment, which no library loads outside', async () => {
    const agent = await connect();
    const env = { PATH: process.env['PATH'], CANARY: 'do-not-show', LD_LIBRARY_PATH: '/nowhere' };
    await agent.start('p', 'echo "$CANARY"; read line', readOnly(agent.workspace), {
      env,
      pipeStdin: true,
    });
    await agent.client.next(({ method }) => method === 'process/output');
    const [bwrap] = childrenOf(agent.executor.pid).filter((pid) => nameOf(pid).startsWith('bwrap'));
    const facts = publicFactsOf(bwrap ?? 0);
    expect(facts).not.toMatch(/do-not-show|nowhere/);
    await agent.client.request('process/terminate', { processId: 'p' });
    expect((await agent.ended('p')).output).toBe('do-not-show\n');
  });

  it('cannot read the token of the server', async () => {
    const tokenFile = join(await temporaryFolder(), 'token');
    await writeFile(tokenFile, 'a-token-for-agents');
    const agent = await connectSandboxedAgent(bundle, ['--ws-token-file', tokenFile]);
    const { output } = await agent.run('p', `cat ${tokenFile}`, readOnly(agent.workspace));
    expect(output).toContain('Permission denied');
  });

  it('starts under the name it was given, or not at all, as without a sandbox', async () => {
    const agent = await connect();
    const sandbox = readOnly(agent.workspace);
    const { output } = await agent.run('p', 'echo "$0"', sandbox, { arg0: 'renamed' });
    expect(output).toBe('renamed\n');
    const missing = agent.start('q', '', sandbox, { argv: ['/no/such/program'] });
    await expect(missing).rejects.toThrow('-32603 No such file or directory (os error 2)');
    const hidden = managed(agent.workspace, [minimalSystem]);
    await writeFile(join(agent.outside, 'program'), '#!/bin/sh\n', { mode: 0o755 });
    await expect(
      agent.start('r', '', hidden, { argv: [join(agent.outside, 'program')] }),
    ).rejects.toThrow('-32603 No such file or directory (os error 2)');
  });

  it('is refused for rules that cannot be kept', async () => {
    const agent = await connect();
    const { workspace } = agent;
    const refused = (sandbox: object) => agent.start('p', 'true', sandbox);
    await expect(refused(managed(workspace, [matching('**/*.env', 'read')]))).rejects.toThrow(
      '-32600',
    );
    await expect(refused({ permissions: { type: 'magic' } })).rejects.toThrow('-32602');
    const sandbox = workspaceWrite(workspace);
    const permissions = { ...sandbox.permissions, devices: 'restricted' };
    await expect(refused({ ...sandbox, permissions })).rejects.toThrow('-32602');
  });
});

function childrenOf(pid: number): number[] {
  return textOf(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
}

function descendantsOf(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(descendantsOf)];
}

const nameOf = (pid: number): string => textOf(`/proc/${pid}/comm`);

/** What the system tells of a process, which is nothing when it ended between listing and looking. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
