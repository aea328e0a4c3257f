import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { usage } from '../../../src/executor/commandLine';
import { PROTOCOL_RELEASE } from '../../../src/protocol/protocolRelease';
import { temporaryFolder } from '../../support/temporaryFolder';
import { occupyPort, publicFactsOf, useExecutorBundle } from '../../support/executorProcess';
import { fixtureProgram, isAlive, printedPids, until } from '../../support/processFixtures';
import { WireClient, startParams } from '../../support/wireClient';

const { start } = useExecutorBundle();

const { version } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { version: string };

const hasIPv6 = Object.values(networkInterfaces())
  .flat()
  .some((entry) => entry?.address === '::1');

/** Starts a process and answers the pids it printed, once it printed `ready`. */
async function startTree(
  agent: WireClient,
  processId: string,
  argv: string | readonly string[],
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<number[]> {
  await agent.request('process/start', startParams(processId, argv, overrides));
  const text = (): string =>
    agent
      .eventsOf(processId)
      .map(({ params }) => Buffer.from(params.chunk ?? '', 'base64').toString())
      .join('');
  await agent.next(() => text().includes('ready'));
  return ['leader', 'child', 'level', 'pid'].flatMap((label) => printedPids(text(), label));
}

describe('exec-server', () => {
  it('prints the address with its token as the only line on stdout, and logs to stderr', async () => {
    const workspace = await temporaryFolder();
    const executor = start(['--workspace', workspace]);
    const url = await executor.firstLine();
    const agent = await WireClient.connect(url);
    const answer = await agent.request('initialize', { clientName: 'a', resumeSessionId: null });
    const info = (answer as { environmentInfo: { cwd: string; executorVersion: string } })
      .environmentInfo;
    await agent.close();
    const ended = await executor.stop('SIGTERM');
    const token = new URL(url).searchParams.get('token') ?? '';
    expect({
      url,
      stdout: executor.stdout,
      info: [info.cwd, info.executorVersion],
      logged: /^\S+Z info \[listener\] listening host=127\.0\.0\.1 port=\d+$/m.test(
        executor.stderr,
      ),
      tokenLogged: executor.stderr.includes(token),
      ended,
    }).toEqual({
      url: expect.stringMatching(/^ws:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/),
      stdout: `${url}\n`,
      info: [`file://${workspace}`, PROTOCOL_RELEASE],
      logged: true,
      tokenLogged: false,
      ended: { code: 0, signal: null },
    });
  });

  it('works in the directory it was started in when no workspace is named', async () => {
    const cwd = await temporaryFolder();
    const agent = await WireClient.connect(await start([], { cwd }).firstLine());
    const answer = await agent.request('initialize', { clientName: 'a', resumeSessionId: null });
    await agent.close();
    expect((answer as { environmentInfo: { cwd: string } }).environmentInfo.cwd).toBe(
      `file://${cwd}`,
    );
  });

  it.each([
    ['--help', usage],
    ['--version', `${version}\n`],
  ])('prints for %s and ends with 0', async (flag, text) => {
    const executor = start([flag]);
    expect({
      ended: await executor.ended,
      stdout: executor.stdout,
      stderr: executor.stderr,
    }).toEqual({ ended: { code: 0, signal: null }, stdout: text, stderr: '' });
  });

  it.each<[args: string[], code: number]>([
    [['--bogus'], 2],
    [['--listen', 'ws://0.0.0.0:0'], 2],
    [['--listen', '-x'], 2],
    [['--workspace', '/nowhere/at/all'], 2],
    [['--ws-auth', 'maybe'], 2],
    [['--concurrent-requests', '0'], 2],
    [['--detached-session-ttl', '0'], 2],
    [['stray'], 2],
    // What does not go together, and secrets that cannot be had.
    [['--ws-token-file', '/nowhere/at/all'], 1],
    [['--ws-auth', 'signed-bearer-token'], 1],
    [['--ws-auth', 'none', '--ws-issuer', 'x'], 1],
    [['--listen', 'stdio', '--ws-auth', 'capability-token'], 1],
  ])('refuses %j with %i and one line on stderr', async (args, code) => {
    const executor = start(args);
    expect({
      ended: await executor.ended,
      stdout: executor.stdout,
      stderr: executor.stderr,
    }).toEqual({
      ended: { code, signal: null },
      stdout: '',
      stderr: expect.stringMatching(/^exec-server: [^\n]+\n$/),
    });
  });

  it('ends with 1 and the reason when its port is taken', async () => {
    const { port } = await occupyPort();
    const executor = start(['--listen', `ws://127.0.0.1:${port}`]);
    expect({
      ended: await executor.ended,
      stdout: executor.stdout,
      stderr: executor.stderr,
    }).toEqual({
      ended: { code: 1, signal: null },
      stdout: '',
      stderr: `exec-server: Failed to listen on 127.0.0.1:${port}: the port is in use\n`,
    });
  });

  it('takes its token from a file, and keeps it from log, arguments, environments and children', async () => {
    const workspace = await temporaryFolder();
    const token = 'canary-token/+with=signs&more';
    const tokenFile = join(workspace, 'token');
    await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
    const executor = start(['--ws-token-file', tokenFile, '--log-level', 'trace'], {
      env: { ...process.env, EXEC_SERVER_TOKEN: 'canary-inherited' },
    });
    const url = await executor.firstLine();
    const agent = await WireClient.open(url);
    const envPolicy = {
      inherit: 'all',
      ignoreDefaultExcludes: true,
      exclude: [],
      set: {},
      includeOnly: [],
    };
    const [pid = -1] = await startTree(agent, 'p', 'env; echo "pid $$"; echo ready; read -r line', {
      env: {},
      envPolicy,
      pipeStdin: true,
    });
    const ofChild = publicFactsOf(pid);
    const argumentsOfOwn = publicFactsOf(executor.pid).split('\n')[0] ?? '';
    await WireClient.connect(`${url}x`).catch(() => undefined);
    await agent.call('process/start', { token });
    await agent.close();
    await executor.stop('SIGTERM');
    expect({
      url: new URL(url).searchParams.get('token'),
      refusalLogged: executor.stderr.includes('connection refused'),
      found: Object.entries({ log: executor.stderr, ofChild, argumentsOfOwn }).filter(([, text]) =>
        text.includes('canary'),
      ),
    }).toEqual({ url: token, refusalLogged: true, found: [] });
  });

  it('prints the bare address where only agents know the token', async () => {
    const workspace = await temporaryFolder();
    const secretFile = join(workspace, 'secret');
    const secret = 'canary-'.repeat(5);
    await writeFile(secretFile, secret);
    const signed = start([
      ...['--ws-auth', 'signed-bearer-token', '--ws-shared-secret-file', secretFile],
      ...['--log-level', 'trace'],
    ]);
    const digest = createHash('sha256').update('secret-word').digest('hex');
    const hashed = start(['--ws-token-sha256', digest]);
    const urls = [await signed.firstLine(), await hashed.firstLine()];
    const token = await new SignJWT()
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(Buffer.from(secret));
    const agents = [
      await WireClient.open(`${urls[0] ?? ''}?token=${token}`),
      await WireClient.open(`${urls[1] ?? ''}?token=secret-word`),
    ];
    const refused = await WireClient.connect(urls[0] ?? '').catch(String);
    for (const agent of agents) await agent.close();
    await signed.stop('SIGTERM');
    expect({
      bare: urls.map((url) => /^ws:\/\/127\.0\.0\.1:\d+\/$/.test(url)),
      refused,
      leaked: [token, 'canary'].filter((text) => signed.stderr.includes(text)),
    }).toEqual({ bare: [true, true], refused: 'Error: HTTP 401', leaked: [] });
  });

  it('needs no token with --ws-auth none, and warns of it', async () => {
    const executor = start(['--ws-auth', 'none']);
    const url = await executor.firstLine();
    const agent = await WireClient.open(url);
    await agent.close();
    await executor.untilLogged(' warn anyone on this machine can use');
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/$/);
  });

  it.skipIf(!hasIPv6)('prints an address a client can use for IPv6 too', async () => {
    const url = await start(['--listen', 'ws://[::1]:0']).firstLine();
    const agent = await WireClient.open(url);
    await agent.close();
    expect(url).toMatch(/^ws:\/\/\[::1\]:\d+\/\?token=/);
  });

  it('ends a session that stays detached for the given time, and what it started', async () => {
    const executor = start(['--detached-session-ttl', '0.2']);
    const url = await executor.firstLine();
    const agent = await WireClient.open(url);
    const pids = await startTree(
      agent,
      'p',
      'echo "pid $$"; echo ready; while :; do sleep 1; done',
    );
    agent.cut();
    await until(() => !pids.some(isAlive), 'the process is gone');
    await executor.untilLogged('session ended by=sessionExpired');
    const late = await WireClient.connect(url);
    expect({
      pids: pids.length,
      answer: await late.call('initialize', {
        clientName: 'late',
        resumeSessionId: agent.sessionId,
      }),
    }).toEqual({
      pids: 1,
      answer: {
        error: { code: -32600, message: `unknown session id ${agent.sessionId}` },
      },
    });
  });

  it('keeps a session for years when told to', async () => {
    const executor = start(['--detached-session-ttl', '1e9']);
    const url = await executor.firstLine();
    const agent = await WireClient.open(url);
    agent.cut();
    await executor.untilLogged('session detached');
    const { sessionId } = await WireClient.open(url, agent.sessionId);
    expect(sessionId).toBe(agent.sessionId);
  });

  it('goes on when nobody reads its output any more', async () => {
    const executor = start(['--log-level', 'trace']);
    const url = await executor.firstLine();
    executor.child.stdout.destroy();
    executor.child.stderr.destroy();
    for (let count = 0; count < 5; count += 1) await (await WireClient.open(url)).close();
    expect(await executor.stop('SIGTERM')).toEqual({ code: 0, signal: null });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'ends every tree and then itself with 0 at %s',
    async (signal) => {
      const executor = start([]);
      const url = await executor.firstLine();
      const agent = await WireClient.open(url);
      const detached = await WireClient.open(url);
      const trees = [
        await startTree(
          agent,
          'pipe',
          'sleep 1000 & echo "child $!"; echo "pid $$"; echo ready; wait',
        ),
        await startTree(agent, 'tty', fixtureProgram('deepTree.sh'), { tty: true }),
        await startTree(agent, 'deaf', fixtureProgram('ignoreTermination.sh')),
        await startTree(agent, 'deafTty', fixtureProgram('ignoreTermination.sh'), { tty: true }),
        await startTree(detached, 'deep', fixtureProgram('deepTree.sh')),
        await startTree(
          agent,
          'left',
          'trap "" TERM; sleep 1000 > /dev/null 2>&1 & echo "child $!"; echo ready',
        ),
        await startTree(agent, 'flood', 'echo "pid $$"; echo ready; exec yes > /dev/null'),
      ];
      await agent.outputOf('left');
      // Last, because who does not shake hands has ten seconds only.
      const idle = await WireClient.connect(url);
      detached.cut();
      const pids = trees.flat();
      const alive = pids.filter(isAlive).length;
      const ended = await executor.stop(signal);
      await until(() => !pids.some(isAlive), 'every tree is gone');
      expect({
        started: trees.map((tree) => tree.length),
        alive,
        ended,
        stdout: executor.stdout,
        agent: await agent.closed,
        idle: await idle.closed,
        failed: /exec-server: | error /.test(executor.stderr),
      }).toEqual({
        started: [2, 5, 2, 2, 5, 1, 1],
        alive: pids.length,
        ended: { code: 0, signal: null },
        stdout: `${url}\n`,
        agent: { code: 1001, reason: 'exec-server is shutting down' },
        idle: { code: 1001, reason: 'exec-server is shutting down' },
        failed: false,
      });
    },
  );

  it('is not held up by a client that answers nothing', async () => {
    const executor = start([]);
    const url = await executor.firstLine();
    const agent = await WireClient.open(url);
    agent.setPaused(true);
    expect(await executor.stop('SIGTERM')).toEqual({ code: 0, signal: null });
    agent.cut();
  });
});
