import { existsSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { NO_BUBBLEWRAP, hasBubblewrap } from '../host/bubblewrap.mjs';
import { ensureCodex } from '../host/codex.mjs';
import { base64, ok, refused } from './harness/agent';
import { PATH, conformance } from './harness/conformance';
import type { OpenAgent, Stage } from './harness/conformance';
import { differs } from './harness/difference';

const special = (kind: string, more = {}) => ({ type: 'special', value: { kind, ...more } });
const everywhere = { path: special('root'), access: 'read' };
const project = { path: special('project_roots'), access: 'write' };

/** A sandbox of these permissions around the folder `inside`. */
const sandboxOf = (stage: Stage, permissions: unknown) => ({
  permissions,
  cwd: stage.uri('inside'),
  workspaceRoots: [stage.uri('inside')],
  windowsSandboxLevel: 'disabled',
  windowsSandboxProxySettingsMode: 'reconcile',
  useLegacyLandlock: false,
});

const managed = (stage: Stage, entries: readonly unknown[], network = 'restricted') =>
  sandboxOf(stage, {
    type: 'managed',
    file_system: { type: 'restricted', entries },
    network,
  });

/** Everything may be read, nothing written but in `inside`. */
const workspaceWrite = (stage: Stage) => managed(stage, [everywhere, project]);

/**
 * A server that finds what it needs for a sandbox. The peer's program is its own sandbox helper when it
 * is called by that name, which its npm launcher arranges.
 */
async function openSandboxed(stage: Stage): Promise<{ agent: OpenAgent; path: string }> {
  const bin = join(stage.folder, 'bin');
  await mkdir(join(stage.folder, 'inside'));
  await mkdir(bin);
  const { command } = await ensureCodex();
  await symlink(command, join(bin, 'codex-linux-sandbox'));
  const path = `${bin}:${PATH}`;
  const server = await stage.start({ env: { PATH: path } });
  return { agent: await stage.open({ server }), path };
}

conformance(
  'sandbox',
  (scenario) => {
    scenario('a program writes where it may and nowhere else', async (stage) => {
      const { agent, path } = await openSandboxed(stage);
      const script = 'echo in > in.txt; echo out > ../out.txt';
      await agent.asks(
        'process/start',
        stage.shell('p', script, {
          cwd: stage.uri('inside'),
          env: { PATH: path },
          sandbox: workspaceWrite(stage),
        }),
        ok({ processId: 'p', sandboxType: 'linuxSeccomp' }),
      );
      const life = await agent.lifeOf('p');
      agent.sees(
        {
          exitCode: life.exitCode,
          sandboxDenied: life.sandboxDenied,
          text: life.bytes('stderr').toString().includes('Read-only file system'),
          inside: existsSync(join(stage.folder, 'inside', 'in.txt')),
          outside: existsSync(join(stage.folder, 'out.txt')),
        },
        { exitCode: 1, sandboxDenied: true, text: true, inside: true, outside: false },
      );
    });

    scenario('a file is written where it may be and nowhere else', async (stage) => {
      const { agent } = await openSandboxed(stage);
      const write = (...names: string[]) => ({
        path: stage.uri(...names),
        dataBase64: base64('x'),
        sandbox: workspaceWrite(stage),
      });
      await agent.talks([
        ['fs/writeFile', write('inside', 'in.txt'), ok()],
        ['fs/writeFile', write('out.txt'), refused(-32603, 'Read-only file system (os error 30)')],
      ]);
      agent.sees(
        [
          existsSync(join(stage.folder, 'inside', 'in.txt')),
          existsSync(join(stage.folder, 'out.txt')),
        ],
        [true, false],
      );
    });

    /** Runs a script in `inside`; its exit code, what it wrote, and what was said of the sandbox. */
    const run = async (stage: Stage, script: string, sandbox: unknown) => {
      const { agent, path } = await openSandboxed(stage);
      const { sandboxType } = await agent.result<{ sandboxType: string }>(
        'process/start',
        stage.shell('p', script, { cwd: stage.uri('inside'), env: { PATH: path }, sandbox }),
      );
      const life = await agent.lifeOf('p');
      return {
        agent,
        seen: {
          sandboxType,
          sandboxDenied: life.sandboxDenied,
          exitCode: life.exitCode,
          stdout: life.bytes('stdout').toString(),
        },
      };
    };

    scenario('a program that fails of itself is not called denied', async (stage) => {
      const { agent, seen } = await run(stage, 'echo fine; exit 3', workspaceWrite(stage));
      agent.sees(seen, {
        sandboxType: 'linuxSeccomp',
        sandboxDenied: false,
        exitCode: 3,
        stdout: 'fine\n',
      });
    });

    scenario('where nothing may be written, nothing is', async (stage) => {
      const { agent, seen } = await run(
        stage,
        'echo x > file || echo refused; test -e file || echo absent',
        managed(stage, [everywhere]),
      );
      agent.sees(seen.stdout, 'refused\nabsent\n');
    });

    scenario('a place within a writable one may be read-only', async (stage) => {
      const git = { path: special('project_roots', { subpath: '.git' }), access: 'read' };
      const sandbox = managed(stage, [everywhere, project, git]);
      const script =
        'mkdir -p .git 2> /dev/null; echo x > .git/file || echo refused; echo x > file && echo written';
      const { agent, seen } = await run(stage, script, sandbox);
      agent.sees(seen.stdout, 'refused\nwritten\n');
    });

    scenario('without network there is no other machine, not even this one', async (stage) => {
      const script = (port: number) =>
        `exec 3<> /dev/tcp/127.0.0.1/${port} && echo connected || echo unreachable`;
      const outcome = async (network: string) => {
        const sandbox = managed(stage, [everywhere, project], network);
        const { seen } = await run(stage, script(stage.server.port), sandbox);
        return seen.stdout;
      };
      const agent = await stage.open();
      agent.sees(await outcome('restricted'), 'unreachable\n');
    });

    scenario('permissions that are disabled are no sandbox', async (stage) => {
      const { agent, seen } = await run(
        stage,
        'echo x > ../out && echo written',
        sandboxOf(stage, { type: 'disabled' }),
      );
      agent.sees(seen, {
        sandboxType: differs({
          ours: 'none',
          peer: 'linuxSeccomp',
          because: 'nothing is confined, by either of them',
        }),
        sandboxDenied: false,
        exitCode: 0,
        stdout: 'written\n',
      });
    });

    scenario('permissions nobody knows are refused', async (stage) => {
      const { agent, path } = await openSandboxed(stage);
      const sandbox = sandboxOf(stage, { type: 'unheard-of' });
      await agent.refuses(
        'process/start',
        stage.shell('p', 'true', { env: { PATH: path }, sandbox }),
        -32602,
      );
    });
  },
  { skipped: hasBubblewrap() ? undefined : NO_BUBBLEWRAP },
);
