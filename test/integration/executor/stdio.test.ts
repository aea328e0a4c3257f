import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { useExecutorBundle } from '../../support/executorProcess';
import { base64 } from '../../support/processCalls';
import { fixtureProgram, isAlive, printedPids, until } from '../../support/processFixtures';
import { StdioAgent } from '../../support/stdioAgent';
import { temporaryFolder } from '../../support/temporaryFolder';
import { startParams } from '../../support/wireClient';
import { untilStable } from '../../support/wireLeaks';

/** What a program can write into a pipe that nobody reads. */
const pipeBytes = 64 * 1024;

const { start } = useExecutorBundle();

async function open(
  args: readonly string[] = [],
): Promise<{ agent: StdioAgent; workspace: string }> {
  const workspace = await temporaryFolder();
  const executor = start(['--listen', 'stdio', '--workspace', workspace, ...args], {
    keepsStdinOpen: true,
  });
  return { agent: new StdioAgent(executor), workspace };
}

const handshake = [
  '{"id":"i","method":"initialize","params":{"clientName":"a"}}',
  '{"method":"initialized"}',
];

describe('exec-server --listen stdio', () => {
  it('serves the client on stdin and stdout, logs to stderr, and ends with 0 at the end of stdin', async () => {
    const { agent, workspace } = await open();
    const { result } = await agent.initialize();
    await agent.call('process/start', startParams('p', 'echo out; echo err >&2; exit 3'));
    await agent.next(({ method }) => method === 'process/closed', 'the process has closed');
    const read = await agent.call('fs/readDirectory', { path: workspace });
    agent.executor.child.stdin.end();
    const ended = await agent.executor.ended;
    expect({
      cwd: (result as { environmentInfo: { cwd: string } }).environmentInfo.cwd,
      out: agent.outputOf('p'),
      err: agent.outputOf('p', 'stderr'),
      read: read['result'],
      logged: / info \[connection 1\] connection opened peer=stdio$/m.test(agent.executor.stderr),
      ended,
    }).toEqual({
      cwd: `file://${workspace}`,
      out: 'out\n',
      err: 'err\n',
      read: { entries: [] },
      logged: true,
      ended: { code: 0, signal: null },
    });
  });

  it.each([
    ['lines that end', '\n'],
    ['a last line that does not', ''],
  ])('answers what needs no waiting although stdin ends at once: %s', async (_name, end) => {
    const input = [...handshake, '', '  ', '{"id":"s","method":"environment/status"}'].join('\r\n');
    const executor = start(['--listen', 'stdio://'], { input: input + end });
    expect({
      ended: await executor.ended,
      ids: new StdioAgent(executor).received.map(({ id }) => id),
    }).toEqual({ ended: { code: 0, signal: null }, ids: ['i', 's'] });
  });

  it('says nothing to nobody', async () => {
    const executor = start(['--listen', 'stdio'], { input: '' });
    expect({ ended: await executor.ended, stdout: executor.stdout }).toEqual({
      ended: { code: 0, signal: null },
      stdout: '',
    });
  });

  it('answers a line it cannot read with id -1 and goes on', async () => {
    const { agent } = await open();
    await agent.initialize();
    agent.send('garbage');
    agent.executor.child.stdin.write(Buffer.from([0x7b, 0xff, 0x7d, 0x0a]));
    agent.send('[]');
    agent.send('{"method":"foo/bar"}');
    agent.send('{"id":5,"result":{}}');
    const status = await agent.call('environment/status');
    const refusals = agent.received.filter(({ id }) => id === -1).map(({ error }) => error);
    expect({ status, refusals }).toEqual({
      status: { id: 2, result: { status: 'ready' } },
      refusals: ['invalid JSON', 'invalid UTF-8', 'expected a JSON-RPC object'].map((detail) => ({
        code: -32600,
        message: `failed to parse JSON-RPC message from exec-server stdio: ${detail}`,
      })),
    });
  });

  it('takes a line of 64 MiB, and ends with 1 and the reason at a longer one', async () => {
    const { agent } = await open();
    await agent.initialize();
    const line = Buffer.alloc(64 * 1024 ** 2, ' ');
    line.write('{"id":99,"method":"environment/status"}');
    agent.executor.child.stdin.write(line);
    agent.executor.child.stdin.write('\n');
    await agent.answerTo(99);
    agent.executor.child.stdin.write(Buffer.concat([line, Buffer.from(' ')]));
    const ended = await agent.executor.ended;
    expect({ ended, stderr: agent.executor.stderr }).toEqual({
      ended: { code: 1, signal: null },
      stderr: expect.stringContaining(
        ' error the connection on stdio broke reason="a message may have at most 67108864 bytes"',
      ),
    });
  });

  it.each([
    ['the end of stdin', (agent: StdioAgent) => agent.executor.child.stdin.end()],
    ['SIGTERM', (agent: StdioAgent) => agent.executor.child.kill('SIGTERM')],
    ['SIGINT', (agent: StdioAgent) => agent.executor.child.kill('SIGINT')],
  ])('ends every tree and then itself with 0 at %s, whatever is under way', async (_name, act) => {
    const { agent } = await open();
    await agent.initialize();
    await agent.call('process/start', startParams('pipe', fixtureProgram('deepTree.sh')));
    await agent.call(
      'process/start',
      startParams('tty', fixtureProgram('ignoreTermination.sh'), { tty: true }),
    );
    const text = (): string => agent.outputOf('pipe') + agent.outputOf('tty', 'pty');
    await until(() => (text().match(/ready/g) ?? []).length === 2, 'both trees stand');
    agent.send(
      '{"id":98,"method":"process/read","params":{"processId":"pipe","afterSeq":99,"waitMs":60000}}',
    );
    await agent.call('environment/status');
    const pids = ['leader', 'child', 'level', 'pid'].flatMap((label) => printedPids(text(), label));
    const alive = pids.filter(isAlive).length;
    act(agent);
    const ended = await agent.executor.ended;
    await until(() => !pids.some(isAlive), 'every tree is gone');
    expect({
      alive: alive === pids.length && alive > 3,
      ended,
      failed: / (warn|error) /.test(agent.executor.stderr),
    }).toEqual({ alive: true, ended: { code: 0, signal: null }, failed: false });
  });

  it('ends with 1 and the reason when nobody reads its answers any more', async () => {
    const { agent } = await open();
    await agent.initialize();
    agent.executor.child.stdout.destroy();
    agent.send('{"id":2,"method":"environment/status"}');
    const ended = await agent.executor.ended;
    expect({ ended, stderr: agent.executor.stderr }).toEqual({
      ended: { code: 1, signal: null },
      stderr: expect.stringContaining(' error the connection on stdio broke reason="write EPIPE"'),
    });
  });

  it('stalls a flooding program while its client does not read, and loses nothing', async () => {
    const { agent } = await open();
    await agent.initialize();
    const totalBytes = 48 * 1024 ** 2;
    await agent.call(
      'process/start',
      startParams('p', `echo "pid $$" >&2; read -r go; exec head -c ${totalBytes} /dev/zero`, {
        pipeStdin: true,
      }),
    );
    await until(() => agent.outputOf('p', 'stderr').includes('\n'), 'its pid is known');
    const { stdout } = agent.executor.child;
    // Before the first byte: how much a client has read by the time it stops is a matter of chance.
    stdout.pause();
    const [pid = -1] = printedPids(agent.outputOf('p', 'stderr'), 'pid');
    const written = (): number =>
      Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]);
    agent.send(
      JSON.stringify({
        id: 96,
        method: 'process/write',
        params: { processId: 'p', chunk: base64('go\n') },
      }),
    );
    await until(() => written() > pipeBytes, 'the executor takes what it writes');
    const stalledAt = await untilStable(written, 'the program stalls');
    agent.send('{"id":97,"method":"environment/status"}');
    stdout.resume();
    await until(() => agent.executor.stdout.includes('process/closed'), 'it has all come');
    const events = agent.received.filter(({ method }) => String(method).startsWith('process/'));
    const seqs = events.map(({ params }) => (params as { seq: number }).seq);
    expect({
      stalled: stalledAt < totalBytes / 2,
      answered: await agent.answerTo(97),
      bytes: agent.outputOf('p').length,
      gapFree: seqs.every((seq, index) => seq === index + 1),
    }).toEqual({
      stalled: true,
      answered: { id: 97, result: { status: 'ready' } },
      bytes: totalBytes,
      gapFree: true,
    });
  });
});
