import { randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../../src/base/logger';
import { connectExecServer } from '../../../src/client/connectExecServer';
import type { ExecServerClient, ProgramEndpoint } from '../../../src/client/execServerClient';
import { ensureCodex } from '../../host/codex.mjs';
import { ProcessRecord, startOf } from '../../support/clientServers';
import { useExecutorBundle } from '../../support/executorProcess';
import { isAlive, printedPids, until } from '../../support/processFixtures';
import { temporaryFolder } from '../../support/temporaryFolder';

const bundle = useExecutorBundle();

const log: string[] = [];
const logger = createLogger((_level, line) => log.push(line));

async function open(endpoint: ProgramEndpoint): Promise<ExecServerClient> {
  const client = await connectExecServer({ endpoint, clientName: 'test', logger });
  onTestFinished(() => client.close());
  return client;
}

const refusal = (program: string, ...args: string[]): Promise<unknown> =>
  connectExecServer({ endpoint: { program, args }, clientName: 'test', logger }).then(
    () => 'it connected',
    (error: unknown) => error,
  );

const servers: readonly (readonly [string, (cwd: string) => Promise<ProgramEndpoint>])[] = [
  [
    'our executor',
    (cwd) =>
      Promise.resolve({
        program: process.execPath,
        args: [bundle.script(), '--listen', 'stdio', '--workspace', cwd],
      }),
  ],
  [
    'the real peer',
    async (cwd) => {
      const { command, args } = await ensureCodex();
      const env = { HOME: cwd, CODEX_HOME: cwd };
      return { program: command, args: [...args, 'exec-server', '--listen', 'stdio'], env, cwd };
    },
  ],
];

describe.each(servers)('a client of %s on stdin and stdout', (_name, endpointIn) => {
  it('runs programs and moves their bytes', async () => {
    const cwd = await temporaryFolder();
    const client = await open(await endpointIn(cwd));
    const cat = await client.startProcess(startOf(`file://${cwd}`, ['/bin/cat']));
    const record = new ProcessRecord(cat);
    const sent = randomBytes(1024 * 1024);
    for (let at = 0; at < sent.length; at += 65_536) void cat.write(sent.subarray(at, at + 65_536));
    await record.untilBytes(sent.length);
    await client.close();
    expect({ same: record.output.equals(sent), state: client.state }).toEqual({
      same: true,
      state: { kind: 'ended', reason: 'it was closed' },
    });
  });
});

describe('a program that is to speak the protocol', () => {
  const leavesHelper = `sleep 1000 & echo "helper $!" >&2; exec "$@"`;

  it('is gone with all it started when the client is closed or disposed', async () => {
    const cwd = await temporaryFolder();
    const args = ['-c', leavesHelper, 'sh', process.execPath, bundle.script()];
    const endpoint = { program: '/bin/sh', args: [...args, '--listen', 'stdio'], cwd };
    const closed = await open(endpoint);
    const disposed = await open(endpoint);
    await until(() => printedPids(log.join('\n'), 'helper').length === 2, 'both helpers run');
    await closed.close();
    disposed.dispose();
    const pids = printedPids(log.join('\n'), 'helper');
    await until(() => !pids.some(isAlive), 'both helpers are gone');
    expect(pids).toHaveLength(2);
  });

  it.each([
    ['is missing', ['/does/not/exist'], /^Failed to start \/does\/not\/exist: spawn .* ENOENT$/],
    [
      'ends at once',
      ['/bin/sh', '-c', 'echo one >&2; echo "host key verification failed" >&2; exit 255'],
      /^Failed to begin a session: \/bin\/sh ended with exit code 255: host key verification failed$/,
    ],
    [
      'says a token',
      ['/bin/sh', '-c', 'echo "GET /?token=secret" >&2; exit 1'],
      /^Failed to begin a session: \/bin\/sh ended with exit code 1: GET \/\?token=\*\*\*$/,
    ],
    [
      'prints something else',
      ['/bin/sh', '-c', 'echo Welcome; cat >/dev/null'],
      /^Failed to begin a session: what answers is no exec-server$/,
    ],
  ])('is refused with the reason when it %s', async (_case, [program = '', ...args], message) => {
    expect(await refusal(program, ...args)).toMatchObject({
      message: expect.stringMatching(message),
    });
  });

  it('ends its client for good when it ends, and fails the processes', async () => {
    const cwd = await temporaryFolder();
    const client = await open({
      program: process.execPath,
      args: [bundle.script(), '--listen', 'stdio', '--workspace', cwd],
    });
    // Its own parent is the server, which is the program.
    const killer = await client.startProcess(startOf(`file://${cwd}`, 'read go; kill -KILL $PPID'));
    void killer.write(Buffer.from('go\n'));
    const { status, failure } = await killer.ended;
    const { execPath } = process;
    expect({ status, failure, state: client.state }).toMatchObject({
      status: 'failed',
      failure: expect.stringContaining(`exec-server has ended: ${execPath} ended by SIGKILL: `),
      state: { kind: 'ended', reason: expect.stringContaining(' ended by SIGKILL: ') },
    });
  });
});
