import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startServer } from '../../support/execServerHarness';
import { occupyPort, useExecutorBundle } from '../../support/executorProcess';
import { run } from '../../support/processCalls';
import { temporaryFolder } from '../../support/temporaryFolder';
import { WireClient, startParams } from '../../support/wireClient';

const { start } = useExecutorBundle();

/** This process's environment with one variable more. */
const withVariable = (value: string): NodeJS.ProcessEnv => ({
  ...process.env,
  CODEX_EXEC_SERVER_URL: value,
});

describe('exec-server and its environment', () => {
  it('passes calls on to the address in --environment with the token of a file, and tells neither', async () => {
    const remote = await startServer();
    const file = join(await temporaryFolder(), 'token');
    await writeFile(file, `${remote.token}\n`);
    const executor = start(
      [
        ...['--environment', `ws://127.0.0.1:${remote.port}/?label=canary`],
        ...['--environment-token-file', file],
      ],
      { env: withVariable('none') },
    );
    const agent = await WireClient.open(await executor.firstLine());
    const ran = await run(agent, 'p', 'pwd', { cwd: remote.workspace });
    const info = await agent.request('environment/info');
    await executor.stop('SIGTERM');
    expect({
      ran,
      info,
      told: executor.stderr.includes('canary') || executor.stderr.includes(remote.token),
      said: /^\S+Z (\w+) calls of agents go to another exec-server (.*)$/m
        .exec(executor.stderr)
        ?.slice(1),
    }).toMatchObject({
      ran: { output: { stdout: `${remote.workspace}\n` }, exitCode: 0 },
      info: { cwd: `file://${remote.workspace}` },
      told: false,
      said: ['info', `address=ws://127.0.0.1:${remote.port}/ chosenBy=--environment`],
    });
  });

  it('goes by the variable and says so, and programs there and here do not see it', async () => {
    const remote = await startServer();
    const executor = start([], { env: withVariable(remote.url) });
    const agent = await WireClient.open(await executor.firstLine());
    const asked = 'echo "[$CODEX_EXEC_SERVER_URL]"';
    const everything = {
      inherit: 'all',
      ignoreDefaultExcludes: true,
      exclude: [],
      set: {},
      includeOnly: [],
    };
    const local = start(['--environment', 'local'], { env: withVariable(remote.url) });
    const besides = await WireClient.open(await local.firstLine());
    const there = await run(agent, 'p', `pwd; ${asked}`, {
      cwd: remote.workspace,
      env: {},
      envPolicy: everything,
    });
    const here = await run(besides, 'p', asked, { env: {}, envPolicy: everything });
    for (const each of [executor, local]) await each.stop('SIGTERM');
    expect({
      there,
      here,
      said: /Z (\w+) calls of agents go to another exec-server (.*)$/m
        .exec(executor.stderr)
        ?.slice(1),
      told: executor.stderr.includes(remote.token),
      silent: local.stderr.includes('another exec-server'),
    }).toEqual({
      there: { output: { stdout: `${remote.workspace}\n[]\n` }, exitCode: 0 },
      here: { output: { stdout: '[]\n' }, exitCode: 0 },
      said: ['warn', `address=ws://127.0.0.1:${remote.port}/ chosenBy=CODEX_EXEC_SERVER_URL`],
      told: false,
      silent: false,
    });
  });

  it('serves nothing with none, by flag or variable', async () => {
    const byFlag = start(['--environment', 'NONE']);
    const byVariable = start([], { env: withVariable('none') });
    const answers = await Promise.all(
      [byFlag, byVariable].map(async (executor) => {
        const agent = await WireClient.open(await executor.firstLine());
        return agent.call('process/start', startParams('p', 'true'));
      }),
    );
    const refusal = {
      error: { code: -32012, message: 'exec is disabled: the user switched Exec Server off' },
    };
    expect(answers).toEqual([refusal, refusal]);
  });

  it.each([
    ['--no-exec', 'exec', 'process/start', startParams('p', 'true')],
    ['--no-filesystem', 'filesystem', 'fs/getMetadata', { path: '/' }],
  ])(
    'takes one capability away with %s and leaves the other',
    async (flag, name, method, params) => {
      const agent = await WireClient.open(await start([flag]).firstLine());
      const other = name === 'exec' ? 'filesystem' : 'exec';
      expect({
        refused: await agent.call(method, params),
        info: await agent.request('environment/info'),
      }).toMatchObject({
        refused: {
          error: { code: -32012, message: expect.stringMatching(`^${name} is disabled`) },
        },
        info: { capabilities: { [name]: false, [other]: true } },
      });
    },
  );

  it('passes calls on over stdio too', async () => {
    const remote = await startServer();
    const executor = start(['--listen', 'stdio'], {
      env: withVariable(remote.url),
      input: `${[
        { id: 1, method: 'initialize', params: { clientName: 'a', resumeSessionId: null } },
        { method: 'initialized', params: {} },
        { id: 2, method: 'fs/getMetadata', params: { path: remote.workspace } },
      ]
        .map((message) => JSON.stringify(message))
        .join('\n')}\n`,
      keepsStdinOpen: true,
    });
    await executor.firstLine();
    await executor.untilPrinted('"id":2');
    executor.child.stdin.end();
    const ended = await executor.ended;
    const replies = executor.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(replies).toContainEqual({
      id: 2,
      result: expect.objectContaining({ isDirectory: true }),
    });
    expect(ended).toEqual({ code: 0, signal: null });
  });

  it('does not start when its remote is itself', async () => {
    const { port, release } = await occupyPort();
    await release();
    const executor = start(['--listen', `ws://127.0.0.1:${port}`], {
      env: withVariable(`ws://localhost:${port}/?token=canary`),
    });
    expect({
      ended: await executor.ended,
      stdout: executor.stdout,
      said: executor.stderr.split('\n').filter((line) => line.startsWith('exec-server: ')),
      told: executor.stderr.includes('canary'),
    }).toEqual({
      ended: { code: 1, signal: null },
      stdout: '',
      said: [
        `exec-server: the remote localhost:${port} has the address of this exec-server itself; choose another address, or the local environment`,
      ],
      told: false,
    });
  });

  it.each<[args: string[], variable: string, code: number, reason: string]>([
    [['--environment', 'canary'], '', 2, '--environment must be an address'],
    [[], 'http://canary', 2, 'CODEX_EXEC_SERVER_URL must be an address'],
    [['--environment-token-file', 'x'], '', 1, '--environment-token-file makes sense only with'],
    [
      ['--environment', 'ws://127.0.0.1:1', '--environment-token-file', '/nowhere'],
      '',
      1,
      'Failed to read --environment-token-file /nowhere',
    ],
    [['--no-exec=yes'], '', 2, "Option '--no-exec' does not take an argument"],
  ])('refuses %j with the variable %j', async (args, variable, code, reason) => {
    const executor = start(args, { env: withVariable(variable) });
    expect({
      ended: await executor.ended,
      stdout: executor.stdout,
      stderr: executor.stderr,
      told: executor.stderr.includes('canary'),
    }).toEqual({
      ended: { code, signal: null },
      stdout: '',
      stderr: expect.stringMatching(new RegExp(`^exec-server: ${reason}[^\\n]*\\n$`)),
      told: false,
    });
  });
});
