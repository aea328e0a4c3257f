import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ok, refused } from './harness/agent';
import { PATH, conformance } from './harness/conformance';
import { differs } from './harness/difference';

const absent = refused(-32603, 'No such file or directory (os error 2)');

const started = (processId: string): unknown => ok({ processId, sandboxType: 'none' });

conformance('the program of process/start and its place', (scenario) => {
  scenario('a program without a slash is looked for on the PATH of the child', async (stage) => {
    const agent = await stage.open();
    await mkdir(join(stage.folder, 'bin'));
    await writeFile(join(stage.folder, 'bin', 'mine'), '#!/bin/sh\necho found\n');
    await chmod(join(stage.folder, 'bin', 'mine'), 0o755);
    const start = (id: string, env: Readonly<Record<string, string>>, tty = false) => ({
      ...stage.shell(id, '', { tty }),
      argv: ['mine'],
      env,
    });
    await agent.asks('process/start', start('a', { PATH }), absent);
    agent.sees((await agent.runs(start('b', { PATH: join(stage.folder, 'bin') }))).facts, {
      stdout: 'found\n',
      exitCode: 0,
    });
    agent.sees(
      (await agent.runs({ ...stage.shell('c', ''), argv: ['echo', 'default'], env: {} })).facts,
      { stdout: 'default\n', exitCode: 0 },
    );
  });

  scenario('a relative program with a slash is looked for in cwd', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'here'), '#!/bin/sh\necho here\n');
    await chmod(join(stage.folder, 'here'), 0o755);
    const start = (id: string, tty: boolean) => ({
      ...stage.shell(id, '', { tty }),
      argv: ['./here'],
    });
    agent.sees((await agent.runs(start('a', false))).facts, { stdout: 'here\n', exitCode: 0 });
    agent.sees((await agent.runs(start('b', true))).facts, { pty: 'here\r\n', exitCode: 0 });
  });

  scenario('arg0 is the name the program sees', async (stage) => {
    const agent = await stage.open();
    const argv = ['/bin/sh', '-c', 'echo $0'];
    const start = (id: string, tty: boolean) => ({
      ...stage.shell(id, '', { arg0: 'login-sh', tty }),
      argv,
    });
    agent.sees((await agent.runs(start('a', false))).facts, { stdout: 'login-sh\n', exitCode: 0 });
    await agent.asks(
      'process/start',
      start('b', true),
      differs({
        ours: started('b'),
        peer: refused(
          -32603,
          `Unable to spawn login-sh because:\nNo viable candidates found in PATH "${PATH}"`,
        ),
        because:
          'arg0 is a name to show, in a terminal too; the peer looks for a program of that name',
      }),
    );
    if (stage.side === 'ours') {
      agent.sees((await agent.lifeOf('b')).facts, { pty: 'login-sh\r\n', exitCode: 0 });
    }
  });

  scenario('a program runs in cwd, links in its path kept or not', async (stage) => {
    const agent = await stage.open();
    await mkdir(join(stage.folder, 'sp ace'));
    await symlink('sp ace', join(stage.folder, 'link'));
    for (const name of ['sp ace', 'link']) {
      const life = await agent.runs({
        ...stage.shell(name, 'pwd -P'),
        cwd: stage.uri(name),
      });
      agent.sees(life.facts, { stdout: `${stage.folder}/sp ace\n`, exitCode: 0 });
    }
  });

  scenario('a cwd that is not there or no directory is a failure of the system', async (stage) => {
    const agent = await stage.open();
    await writeFile(join(stage.folder, 'file'), '');
    const start = (id: string, name: string, more = {}) => ({
      ...stage.shell(id, 'true', more),
      cwd: stage.uri(name),
    });
    await agent.talks([
      ['process/start', start('a', 'nothing'), absent],
      ['process/start', start('b', 'file'), refused(-32603, 'Not a directory (os error 20)')],
      [
        'process/start',
        start('c', 'nothing', { tty: true }),
        differs({
          ours: absent,
          peer: started('c'),
          because: 'a program must not run in another place than the one asked for',
        }),
      ],
    ]);
  });

  scenario('a cwd that is no place here is a wrong parameter', async (stage) => {
    const agent = await stage.open();
    const start = (cwd: string) => ({ ...stage.shell('p', 'true'), cwd });
    const foreign = (cwd: string) =>
      refused(
        -32602,
        `cwd URI \`${cwd}\` is not valid on this exec-server host: '${cwd}' is invalid on 'linux'`,
      );
    const relative = refused(-32602, 'invalid URI: relative URL without a base');
    await agent.talks([
      ['process/start', start('relative'), relative],
      ['process/start', start(''), relative],
      ['process/start', start('http://x/y'), refused(-32602, 'unsupported path URI scheme `http`')],
      ['process/start', start('file://host/tmp'), foreign('file://host/tmp')],
      ['process/start', start('file:///C:/Windows'), foreign('file:///C:/Windows')],
    ]);
    await agent.asks(
      'process/start',
      start(stage.folder),
      differs({
        ours: started('p'),
        peer: relative,
        because: 'clients up to 0.140 send native paths, and this server takes them too',
      }),
    );
  });

  scenario('a script that does not name its interpreter', async (stage) => {
    const agent = await stage.open();
    const script = join(stage.folder, 'script');
    await writeFile(script, 'echo run\n');
    await chmod(script, 0o755);
    await agent.asks(
      'process/start',
      { ...stage.shell('p', ''), argv: [script] },
      differs({
        ours: started('p'),
        peer: refused(-32603, 'Exec format error (os error 8)'),
        because:
          'execvp of the C library gives it to /bin/sh, as every shell does; the peer’s has no such rule',
      }),
    );
  });
});
