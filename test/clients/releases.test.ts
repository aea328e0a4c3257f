/**
 * Releases of the real Codex CLI against the headless executor. Everything is real but the model, which plays a
 * script on loopback; what the model is told, what lies on the disk and what went over the wire must agree.
 */
import { createHash } from 'node:crypto';
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/base/deferred';
import { CODEX_RELEASES } from '../host/versions.mjs';
import type { CodexConfig, CodexRun } from '../support/codexRun';
import { startCodexExec } from '../support/codexRun';
import { parseCommandReport, runningSession } from '../support/codexReport';
import { startControlled } from '../support/controlHarness';
import { useExecutorBundle } from '../support/executorProcess';
import type { Turn } from '../support/scriptedModel';
import { applyPatch, execCommand, say, writeStdin } from '../support/scriptedModelItems';
import { temporaryFolder } from '../support/temporaryFolder';
import { TcpRelay } from '../support/tcpRelay';
import { useCodex } from '../support/useCodex';
import { WebSocketTap } from '../support/webSocketTap';
import { WatchedServer } from './watchedServer';
import { SAMPLE_PATCH } from './samplePatch';

/** Releases that `npm test` runs too; the others are fetched only when every release is asked for. */
const NEWEST = 2;

const releases = CODEX_RELEASES.slice(process.env['EVERY_RELEASE'] === undefined ? -NEWEST : 0).map(
  (release) => [release.version, release] as const,
);

/** Longest the client may wait for a command; it goes on as soon as the command has ended. */
const PATIENTLY = { yieldTimeMs: 30_000 };

const { start } = useExecutorBundle();

describe.each(releases)('Codex CLI %s', (_version, release) => {
  useCodex(release.version);

  async function serve(env: NodeJS.ProcessEnv = {}): Promise<WatchedServer> {
    const workspace = await temporaryFolder();
    const executor = start(['--workspace', workspace, '--log-level', 'debug'], {
      env: { ...process.env, ...env },
    });
    return WatchedServer.connect(executor, workspace);
  }

  function play(
    server: WatchedServer,
    script: readonly Turn[],
    extraConfig: CodexConfig = {},
  ): Promise<CodexRun> {
    return startCodexExec({
      extraConfig,
      execServerUrl: server.url,
      cwd: server.workspace,
      version: release.version,
      modelName: release.model,
      script: [...script, () => [say('done')]],
    });
  }

  /** Lets the client finish and answers what the model was told of every call. */
  async function reports(run: CodexRun): Promise<ReturnType<typeof parseCommandReport>[]> {
    const { code, stderr } = await run.exited;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    run.model.assertFinished();
    return run.model.toolOutputs().map(({ output }) => parseCommandReport(output));
  }

  it('tells the model what a command printed and its exit code', async () => {
    const server = await serve();
    const run = await play(server, [() => [execCommand('echo out; pwd; exit 3', PATIENTLY)]]);
    const text = `out\n${server.workspace}\n`;
    expect({
      told: await reports(run),
      sent: server.output.toString(),
      exitCodes: server.exitCodes,
    }).toEqual({ told: [{ exitCode: 3, text }], sent: text, exitCodes: [3] });
  });

  it('types into a terminal', async () => {
    const server = await serve();
    const command = 'test -t 0 && printf "name? "; read name; echo "hello $name"; exit 4';
    const run = await play(server, [
      () => [execCommand(command, { tty: true, yieldTimeMs: 250 })],
      async (request) => {
        // Typed before the question, the name would be echoed before it.
        await server.untilOutput('name? ');
        return [writeStdin(runningSession(request.lastOutput()), 'Ada\n', PATIENTLY)];
      },
    ]);
    const told = await reports(run);
    const text = 'name? Ada\r\nhello Ada\r\n';
    expect({
      told: told.map((report) => report.text).join(''),
      exitCode: told.at(-1)?.exitCode,
      sent: server.output.toString(),
    }).toEqual({ told: text, exitCode: 4, sent: text });
  });

  it('patches files', async () => {
    const server = await serve();
    const inWorkspace = (name: string): string => join(server.workspace, name);
    await writeFile(inWorkspace('changed.txt'), 'one\ntwo\n');
    await writeFile(inWorkspace('removed.txt'), 'gone\n');
    const run = await play(server, [() => [applyPatch(SAMPLE_PATCH)]]);
    expect({
      told: await reports(run),
      files: (await readdir(server.workspace)).sort(),
      changed: await readFile(inWorkspace('changed.txt'), 'utf8'),
      added: await readFile(inWorkspace('docs/added.md'), 'utf8'),
      throughServer: server.methods.includes('fs/writeFile'),
    }).toEqual({
      told: [
        {
          exitCode: 0,
          text: 'Success. Updated the following files:\nA docs/added.md\nM changed.txt\nD removed.txt\n',
        },
      ],
      files: ['changed.txt', 'docs'],
      changed: 'ONE\ntwo\n',
      added: 'made by an agent\n',
      throughServer: release.patches === 'through the server',
    });
  });

  it('takes eight megabytes of output to the last byte', async () => {
    const server = await serve();
    const lines = 1_000_000;
    const text = Array.from({ length: lines }, (_, index) => `${lineOf(index + 1)}\n`).join('');
    const run = await play(server, [
      () => [
        execCommand(`seq -w 1 ${lines}; exit 5`, { ...PATIENTLY, maxOutputTokens: 5_000_000 }),
      ],
    ]);
    const [told] = await reports(run);
    // The client shows the model the beginning and the end, ten thousand tokens of four bytes at most.
    const shown = 15_000;
    const [, shownText = ''] = /((?:\d{7}\n)[^]*)$/.exec(told?.text ?? '') ?? [];
    expect({
      exitCode: told?.exitCode,
      end: shownText.slice(-shown) === text.slice(-shown),
      bytes: server.output.length,
      digest: digestOf(server.output),
    }).toEqual({
      exitCode: 5,
      end: true,
      bytes: text.length,
      digest: digestOf(Buffer.from(text)),
    });
    // A client that polls misses what the server drops between two of its reads, though never the end.
    if (release.reads === 'notifications') {
      expect(shownText.slice(0, shown)).toBe(text.slice(0, shown));
      expect(run.model.toolOutputs()[0]?.output).toContain(
        `Original token count: ${text.length / 4}`,
      );
    }
  });

  it(`${release.afterCut} after its connection was cut under a running command`, async () => {
    const server = await serve();
    const waitFor = (file: string): string => `until [ -e ${file} ]; do sleep 0.02; done`;
    const command = [
      'echo before',
      waitFor('cut'),
      'echo meanwhile; touch meanwhile',
      waitFor('back'),
      'echo after; exit 7',
    ].join('; ');
    const connectable = new Deferred<void>();
    const run = await play(server, [
      () => [execCommand(command, PATIENTLY)],
      async () => {
        await connectable.promise;
        return [execCommand('echo again', PATIENTLY)];
      },
    ]);
    await server.untilOutput('before');
    await server.cut();
    // The session goes on without its connection: the command runs, and what it prints is kept.
    await writeFile(join(server.workspace, 'cut'), '');
    await server.untilFile('meanwhile');
    server.reconnect();
    connectable.resolve();
    if (release.afterCut === 'resumes its session') {
      await server.executor.untilLogged('session resumed');
    }
    await writeFile(join(server.workspace, 'back'), '');
    const [cut, again] = await reports(run);
    const [first] = server.sessions;
    switch (release.afterCut) {
      case 'resumes its session':
        expect({ cut, again, sessions: server.sessions, resumed: server.resumed }).toEqual({
          cut: { exitCode: 7, text: 'before\nmeanwhile\nafter\n' },
          again: { exitCode: 0, text: 'again\n' },
          sessions: [first, first],
          resumed: [first],
        });
        break;
      case 'opens a fresh session':
        expect({ cut, again, sessions: server.sessions.length, resumed: server.resumed }).toEqual({
          cut: { text: expect.stringContaining('exec-server transport disconnected') },
          again: { exitCode: 0, text: 'again\n' },
          sessions: 2,
          resumed: [],
        });
        break;
      case 'gives up':
        expect({ cut, again, sessions: server.sessions.length }).toEqual({
          cut: { text: expect.stringContaining('exec-server transport disconnected') },
          again: { text: expect.stringMatching(/exec-server transport (closed|disconnected)/) },
          sessions: 1,
        });
        break;
    }
  });

  it('goes on when the environment changes under it, and is told what it may not do', async () => {
    const server = await startControlled();
    const { settings } = server;
    const notified: string[] = [];
    const relay = await TcpRelay.start(server.port, () => {
      const tap = new WebSocketTap((text) => {
        const { method } = JSON.parse(text) as { readonly method?: string };
        if (method === 'environment/changed') notified.push(method);
      });
      return {
        fromClient: () => undefined,
        fromServer: (bytes) => {
          tap.push(bytes);
        },
      };
    });
    const url = new URL(server.url);
    url.port = String(relay.port);
    const command = (text: string) => [execCommand(`echo ${text}`, PATIENTLY)];
    const run = await startCodexExec({
      execServerUrl: url.href,
      cwd: server.workspace,
      version: release.version,
      modelName: release.model,
      script: [
        () => command('before'),
        () => {
          server.control.options.applySettings({ ...settings, filesystemEnabled: false });
          return command('without files');
        },
        async () => {
          await server.control.setEnvironment({ mode: 'disabled' }, 'keep');
          return command('nowhere');
        },
        async () => {
          await server.control.setEnvironment({ mode: 'local' }, 'keep');
          return command('again');
        },
        () => [say('done')],
      ],
    });
    expect({ told: await reports(run), notified: notified.length }).toEqual({
      told: [
        { exitCode: 0, text: 'before\n' },
        { exitCode: 0, text: 'without files\n' },
        { text: expect.stringContaining('exec is disabled: the user switched Exec Server off') },
        { exitCode: 0, text: 'again\n' },
      ],
      notified: 3,
    });
  });

  const hasSnapshots = release.shells === 'from a snapshot' && process.platform === 'linux';
  it.runIf(hasSnapshots)('runs its commands in shells made from a snapshot', async () => {
    const home = await temporaryFolder();
    await writeFile(
      join(home, '.bash_profile'),
      'echo read >> "$HOME/reads"; greet() { echo "hello $1, $FROM_FILES"; }; export FROM_FILES=friend\n',
    );
    const server = await serve({ HOME: home, SHELL: '/bin/bash' });
    const run = await play(
      server,
      [
        () => [execCommand('greet first', PATIENTLY)],
        async () => {
          await server.executor.untilLogged('shell snapshot taken');
          return [execCommand('greet second; exit 3', PATIENTLY)];
        },
        () => [execCommand('greet third', { ...PATIENTLY, tty: true })],
      ],
      { 'features.shell_snapshot_v2': true },
    );
    expect({
      told: await reports(run),
      reads: await readFile(join(home, 'reads'), 'utf8'),
    }).toEqual({
      told: [
        { exitCode: 0, text: 'hello first, friend\n' },
        { exitCode: 3, text: 'hello second, friend\n' },
        { exitCode: 0, text: 'hello third, friend\r\n' },
      ],
      // By the first command, and by the shell beside it that was asked for its state.
      reads: 'read\nread\n',
    });
  });
});

const lineOf = (line: number): string => String(line).padStart(7, '0');

const digestOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
