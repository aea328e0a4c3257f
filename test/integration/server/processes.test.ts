import { describe, expect, it } from 'vitest';
import type { ServerUnderTest } from '../../support/execServerHarness';
import { startServer } from '../../support/execServerHarness';
import type { OpenedClient, WireReply } from '../../support/wireClient';
import { WireClient, paramsOf, startParams } from '../../support/wireClient';
import { failOnLeaks, isRunning, until } from '../../support/wireLeaks';

failOnLeaks();

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const refused = (code: number, message: string): WireReply => ({ error: { code, message } });

/** A server with one ready client. */
async function openClient(): Promise<{
  server: ServerUnderTest;
  client: WireClient & OpenedClient;
}> {
  const server = await startServer();
  return { server, client: await WireClient.open(server.url) };
}

/** Starts a program, waits for its end and tells what was notified, output joined per stream. */
async function run(
  client: WireClient,
  processId: string,
  argv: string | readonly string[],
  overrides: Readonly<Record<string, unknown>> = {},
): Promise<{ output: Record<string, string>; exitCode: number | undefined }> {
  await client.request('process/start', startParams(processId, argv, overrides));
  await client.outputOf(processId);
  return ended(client, processId);
}

function ended(
  client: WireClient,
  processId: string,
): { output: Record<string, string>; exitCode: number | undefined } {
  const output: Record<string, string> = {};
  let exitCode: number | undefined;
  for (const { params } of client.eventsOf(processId)) {
    if (params.stream !== undefined) {
      const text = Buffer.from(params.chunk ?? '', 'base64').toString();
      output[params.stream] = (output[params.stream] ?? '') + text;
    }
    exitCode = params.exitCode ?? exitCode;
  }
  return { output, exitCode };
}

async function printed(client: WireClient, processId: string, text: string): Promise<void> {
  await client.next(() =>
    client
      .eventsOf(processId)
      .map(({ params }) => Buffer.from(params.chunk ?? '', 'base64').toString())
      .join('')
      .includes(text),
  );
}

const write = (
  client: WireClient,
  processId: string,
  text: string,
  writeId: string,
): Promise<WireReply> => client.call('process/write', { processId, chunk: base64(text), writeId });

const status = (value: string): WireReply => ({ result: { status: value } });

describe('process/start', () => {
  it('answers before the first notification, which number output, exit and close without a gap', async () => {
    const { client } = await openClient();
    await run(client, 'p1', 'echo hi; exit 3');
    const tail = client.received.slice(-4);
    await client.close();
    expect(tail).toEqual([
      { id: expect.any(Number), result: { processId: 'p1', sandboxType: 'none' } },
      {
        method: 'process/output',
        params: { processId: 'p1', seq: 1, stream: 'stdout', chunk: 'aGkK' },
      },
      {
        method: 'process/exited',
        params: { processId: 'p1', seq: 2, exitCode: 3, sandboxDenied: false },
      },
      { method: 'process/closed', params: { processId: 'p1', seq: 3 } },
    ]);
  });

  it('refuses what cannot be run, in the system’s words, and frees the id', async () => {
    const { client, server } = await openClient();
    const cases: readonly [Readonly<Record<string, unknown>>, WireReply][] = [
      [{ argv: [] }, refused(-32602, 'argv must not be empty')],
      [{ argv: ['/nope/x'] }, refused(-32603, 'No such file or directory (os error 2)')],
      [{ argv: ['nonexistent-prog'] }, refused(-32603, 'No such file or directory (os error 2)')],
      [{ argv: ['/etc/passwd'] }, refused(-32603, 'Permission denied (os error 13)')],
      [{ cwd: 'file:///nope' }, refused(-32603, 'No such file or directory (os error 2)')],
      [{ cwd: 'file:///etc/passwd' }, refused(-32603, 'Not a directory (os error 20)')],
      [{ cwd: 'relative' }, refused(-32602, 'invalid URI: relative URL without a base')],
      [{ cwd: 'http://x/y' }, refused(-32602, 'unsupported path URI scheme `http`')],
      [{ cwd: undefined }, refused(-32602, 'missing field `cwd`')],
      [{ env: undefined }, refused(-32602, 'missing field `env`')],
      [{ tty: undefined }, refused(-32602, 'missing field `tty`')],
      [{ env: { A: null } }, refused(-32602, 'invalid type: null, expected a string at `env.A`')],
      [{ processId: 'x'.repeat(257) }, refused(-32602, 'processId is longer than 256 bytes')],
      [{ argv: ['/bin/echo', 'a\0b'] }, refused(-32603, 'nul byte found in provided data')],
    ];
    const answers = [];
    for (const [overrides] of cases) {
      answers.push(await client.call('process/start', startParams('e', 'true', overrides)));
    }
    const after = await run(client, 'e', 'echo fine', { cwd: server.workspace });
    await client.close();
    expect({ answers, after }).toEqual({
      answers: cases.map(([, answer]) => answer),
      after: { output: { stdout: 'fine\n' }, exitCode: 0 },
    });
  });

  it('refuses an id in use, also after the close, and takes an empty one', async () => {
    const { client } = await openClient();
    const first = await run(client, '', 'echo emptyid');
    const again = await client.call('process/start', startParams('', 'true'));
    await client.close();
    expect({ first, again }).toEqual({
      first: { output: { stdout: 'emptyid\n' }, exitCode: 0 },
      again: refused(-32600, 'process  already exists'),
    });
  });

  it('frees the id of a closed process when its retention is over', async () => {
    const server = await startServer({ limits: { closedProcessRetentionMs: 50 } });
    const client = await WireClient.open(server.url);
    await run(client, 'p', 'true');
    await until(
      () =>
        [...server.executor.server.sessions.all].every(
          ({ processes }) => [...processes].length === 0,
        ),
      'the process is forgotten',
    );
    const answers = [
      await client.call('process/read', { processId: 'p' }),
      await write(client, 'p', 'x', 'w'),
      await client.call('process/start', startParams('p', 'true')),
    ];
    await client.close();
    expect(answers).toEqual([
      refused(-32600, 'unknown process id p'),
      status('unknownProcess'),
      { result: { processId: 'p', sandboxType: 'none' } },
    ]);
  });

  it('makes every child the leader of its own session and group', async () => {
    const { client } = await openClient();
    const outputs = [];
    for (const tty of [false, true]) {
      const { output } = await run(client, `p ${tty}`, 'cut -d" " -f1,5,6 /proc/$$/stat', { tty });
      outputs.push(Object.values(output).join('').trim().split(' '));
    }
    await client.close();
    expect(outputs.map(([pid, group, session]) => [pid === group, pid === session])).toEqual([
      [true, true],
      [true, true],
    ]);
  });

  it('names the program as arg0 says', async () => {
    const { client } = await openClient();
    const ran = await run(
      client,
      'p',
      ['/bin/sh', '-c', 'tr "\\0" "\\n" </proc/$$/cmdline | head -1'],
      { arg0: 'other' },
    );
    await client.close();
    expect(ran.output).toEqual({ stdout: 'other\n' });
  });

  it('refuses to run more than the limits allow, and says which', async () => {
    const server = await startServer({ limits: { maxProcessesPerSession: 2, maxProcesses: 3 } });
    const clients = [await WireClient.open(server.url), await WireClient.open(server.url)];
    const answers = [];
    for (const client of clients) {
      for (const id of ['1', '2', '3']) {
        answers.push(
          await client.call('process/start', startParams(id, 'cat', { pipeStdin: true })),
        );
      }
    }
    for (const client of clients) await client.close();
    const started = (processId: string): WireReply => ({
      result: { processId, sandboxType: 'none' },
    });
    expect(answers).toEqual([
      started('1'),
      started('2'),
      refused(-32013, 'limit reached: at most 2 processes may run in one session'),
      started('1'),
      refused(-32013, 'limit reached: at most 3 processes may run at once'),
      refused(-32013, 'limit reached: at most 3 processes may run at once'),
    ]);
  });

  it('is refused while the environment is switched off', async () => {
    const server = await startServer({ mode: 'disabled' });
    const client = await WireClient.open(server.url);
    const answer = await client.call('process/start', startParams('p', 'true'));
    await client.close();
    expect(answer).toEqual(
      refused(-32012, 'exec is disabled: the user switched Exec Server off in VS Code'),
    );
  });
});

describe('how programs end', () => {
  it.each<[script: string, exitCode: number]>([
    ['exit 0', 0],
    ['exit 255', 255],
    ['exit 300', 44],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
    ['kill -INT $$', 130],
    ['kill -HUP $$', 129],
    ['kill -SEGV $$', 139],
  ])('%s on pipes', async (script, exitCode) => {
    const { client } = await openClient();
    const ran = await run(client, 'p', ['/bin/bash', '-c', script]);
    await client.close();
    expect(ran.exitCode).toBe(exitCode);
  });

  it('closes only when the last holder of a pipe ends, with late output after the exit', async () => {
    const { client } = await openClient();
    await client.request(
      'process/start',
      startParams('gc', ['/bin/bash', '-c', '(read x; echo late) <&0 & echo main; exit 4'], {
        pipeStdin: true,
      }),
    );
    await client.next(({ method }) => method === 'process/exited');
    const poll = client.call('process/read', { processId: 'gc', afterSeq: 2, waitMs: 60_000 });
    await client.call('process/terminate', { processId: 'gc' });
    await client.outputOf('gc');
    await poll;
    const events = client.eventsOf('gc').map(({ method, params }) => [method, params.seq]);
    await client.close();
    expect(events.map(([method]) => method)).toEqual(
      expect.arrayContaining(['process/output', 'process/exited', 'process/closed']),
    );
    expect(events.map(([, seq]) => seq)).toEqual(events.map((_, index) => index + 1));
  });

  it('reports output, exit and close of many short programs once, in order, without a gap', async () => {
    const { client } = await openClient();
    const ids = Array.from({ length: 150 }, (_, index) => `short ${index}`);
    for (const id of ids)
      client.sendRaw(
        JSON.stringify({ id, method: 'process/start', params: startParams(id, ['/bin/echo', id]) }),
      );
    for (const id of ids.slice(0, 64)) await client.outputOf(id);
    const started = ids.filter((id) =>
      client.received.some((message) => message['id'] === id && 'result' in message),
    );
    for (const id of started) await client.outputOf(id);
    const shapes = started.map((id) =>
      client.eventsOf(id).map(({ method, params }) => `${method} ${params.seq}`),
    );
    await client.close();
    expect(started.length).toBeGreaterThanOrEqual(64);
    expect(shapes).toEqual(
      started.map(() => ['process/output 1', 'process/exited 2', 'process/closed 3']),
    );
  });
});

describe('process/read', () => {
  it('gives what the transcripts give, from any cursor', async () => {
    const { client } = await openClient();
    await run(client, 'p1', 'echo hi; exit 3');
    const read = (params: object): Promise<unknown> =>
      client.request('process/read', { processId: 'p1', ...params });
    const done = { exited: true, exitCode: 3, closed: true, failure: null, sandboxDenied: false };
    const chunks = [{ seq: 1, stream: 'stdout', chunk: 'aGkK' }];
    const answers = [
      await read({}),
      await read({ afterSeq: null, maxBytes: null, waitMs: null }),
      await read({ afterSeq: 0, maxBytes: 65_536, waitMs: 60_000 }),
      await read({ maxBytes: 0 }),
      await read({ afterSeq: 1, maxBytes: 10, waitMs: 60_000 }),
      await read({ afterSeq: 99, waitMs: 60_000 }),
    ];
    const wrong = await client.call('process/read', { processId: 'p1', afterSeq: -1 });
    await client.close();
    expect(answers).toEqual([
      { chunks, nextSeq: 4, ...done },
      { chunks, nextSeq: 4, ...done },
      { chunks, nextSeq: 2, ...done },
      { chunks, nextSeq: 2, ...done },
      { chunks: [], nextSeq: 4, ...done },
      { chunks: [], nextSeq: 4, ...done },
    ]);
    expect(wrong).toMatchObject({ error: { code: -32602 } });
  });

  it('keeps the newest mebibyte in whole chunks', async () => {
    const { client } = await openClient();
    await run(client, 'big', 'head -c 3000000 /dev/zero');
    const read = (await client.request('process/read', { processId: 'big' })) as {
      chunks: { seq: number; chunk: string }[];
      nextSeq: number;
    };
    const notified = (await client.outputOf('big')).length;
    await client.close();
    const seqs = read.chunks.map(({ seq }) => seq);
    const kept = read.chunks.reduce(
      (sum, { chunk }) => sum + Buffer.from(chunk, 'base64').length,
      0,
    );
    const largest = 65_536;
    expect({
      notified,
      bounded: kept <= 1_048_576 && kept > 1_048_576 - largest,
      contiguous: seqs.every((seq, index) => seq === (seqs[0] ?? 0) + index),
      last: seqs.at(-1) === read.nextSeq - 3,
    }).toEqual({ notified: 3_000_000, bounded: true, contiguous: true, last: true });
  });

  it('waits for output, for the exit, and no longer than asked', async () => {
    const { client } = await openClient();
    await client.request(
      'process/start',
      startParams('p', 'read a; echo out; read b; exit 2', { pipeStdin: true }),
    );
    const read = (afterSeq: number, waitMs: number): Promise<WireReply> =>
      client.call('process/read', { processId: 'p', afterSeq, waitMs });
    const empty = await read(0, 20);
    const output = read(0, 60_000);
    await write(client, 'p', 'go\n', 'w1');
    const outputAnswer = await output;
    const exit = read(1, 60_000);
    await write(client, 'p', 'go\n', 'w2');
    const exitAnswer = await exit;
    const missing = await client.call('process/read', { processId: 'nope', waitMs: 1000 });
    await client.outputOf('p');
    await client.close();
    const running = {
      exited: false,
      exitCode: null,
      closed: false,
      failure: null,
      sandboxDenied: false,
    };
    expect([empty, outputAnswer, exitAnswer, missing]).toEqual([
      { result: { chunks: [], nextSeq: 1, ...running } },
      {
        result: {
          chunks: [{ seq: 1, stream: 'stdout', chunk: base64('out\n') }],
          nextSeq: 2,
          ...running,
        },
      },
      { result: expect.objectContaining({ chunks: [], exited: true, exitCode: 2 }) },
      refused(-32600, 'unknown process id nope'),
    ]);
  });

  it('never waits longer than the limit', async () => {
    const { url } = await startServer({ limits: { maxReadWaitMs: 50 } });
    const client = await WireClient.open(url);
    await client.request('process/start', startParams('p', 'cat', { pipeStdin: true }));
    const answer = await client.call('process/read', {
      processId: 'p',
      waitMs: Number.MAX_SAFE_INTEGER,
    });
    await client.close();
    expect(answer).toMatchObject({ result: { chunks: [], exited: false } });
  });
});

describe('process/write', () => {
  it('writes every id once, whatever a repetition says', async () => {
    const { client } = await openClient();
    await client.request('process/start', startParams('s', 'cat', { pipeStdin: true }));
    const answers = [
      await write(client, 's', 'abc\n', 'w1'),
      await write(client, 's', 'abc\n', 'w1'),
      await write(client, 's', 'XYZ\n', 'w1'),
      await write(client, 's', '', 'w3'),
      await write(client, 's', 'z', 'w4'),
      await client.call('process/write', { processId: 's', chunk: base64('no id') }),
    ];
    const refusals = [
      await write(client, 's', 'x', ''),
      await client.call('process/write', { processId: 's', chunk: '!!!', writeId: 'w5' }),
      await write(client, 's', 'x', 'y'.repeat(257)),
    ];
    const eof = await client.call('process/closeStdin', { processId: 's' });
    const output = (await client.outputOf('s')).toString();
    await client.close();
    expect({ answers, refusals, eof, output }).toEqual({
      answers: Array(6).fill(status('accepted')),
      refusals: [
        refused(-32602, 'writeId must not be empty'),
        refused(-32602, 'chunk is not valid base64'),
        refused(-32602, 'writeId is longer than 256 bytes'),
      ],
      eof: status('accepted'),
      output: 'abc\nzno id',
    });
  });

  it('forgets an id when 4096 others followed', async () => {
    const { client } = await openClient();
    await client.request('process/start', startParams('s', 'cat', { pipeStdin: true }));
    for (let index = 0; index < 4097; index += 1) {
      client.sendRaw(
        JSON.stringify({
          id: `w${index}`,
          method: 'process/write',
          params: { processId: 's', chunk: base64(`${index}\n`), writeId: `w${index}` },
        }),
      );
    }
    await client.next(({ id }) => id === 'w4096');
    await write(client, 's', 'kept\n', 'w1');
    await write(client, 's', 'forgotten\n', 'w0');
    await client.call('process/closeStdin', { processId: 's' });
    const output = (await client.outputOf('s')).toString();
    await client.close();
    expect(output).toBe(
      `${Array.from({ length: 4097 }, (_, index) => `${index}\n`).join('')}forgotten\n`,
    );
  });

  it('tells what became of it, and is accepted although nobody reads any more', async () => {
    const { client } = await openClient();
    await client.request('process/start', startParams('plain', 'true'));
    await client.outputOf('plain');
    await client.request(
      'process/start',
      startParams('gone', 'exec 0<&-; echo end', { pipeStdin: true }),
    );
    await client.outputOf('gone');
    await client.request('process/start', startParams('shut', 'cat', { pipeStdin: true }));
    await client.call('process/closeStdin', { processId: 'shut' });
    await client.outputOf('shut');
    const answers = [
      await write(client, 'plain', 'x', 'w'),
      await write(client, 'gone', 'x', 'w'),
      await write(client, 'shut', 'x', 'w'),
      await write(client, 'none', 'x', 'w'),
      await client.call('process/closeStdin', { processId: 'plain' }),
      await client.call('process/closeStdin', { processId: 'none' }),
    ];
    await client.close();
    expect(answers).toEqual(
      [
        'stdinClosed',
        'accepted',
        'stdinClosed',
        'unknownProcess',
        'stdinClosed',
        'unknownProcess',
      ].map(status),
    );
  });

  it('is answered "starting" while a person has the keyboard, and the program gets nothing', async () => {
    const { client, server } = await openClient();
    await client.request('process/start', startParams('p', 'cat', { pipeStdin: true }));
    const [session] = server.executor.server.sessions.all;
    session?.process('p').setInputHolder('user');
    const meanwhile = [
      await write(client, 'p', 'agent\n', 'w1'),
      await client.call('process/closeStdin', { processId: 'p' }),
    ];
    session?.process('p').setInputHolder('agent');
    const after = await write(client, 'p', 'again\n', 'w1');
    await client.call('process/closeStdin', { processId: 'p' });
    const output = (await client.outputOf('p')).toString();
    await client.close();
    expect({ meanwhile, after, output }).toEqual({
      meanwhile: [status('starting'), status('starting')],
      after: status('accepted'),
      output: 'again\n',
    });
  });
});

describe('a terminal', () => {
  it('has 24 rows and 80 columns, or as many as asked, also later', async () => {
    const { client } = await openClient();
    const usual = await run(client, 't1', 'stty size; tty | cut -d/ -f1-3; echo err >&2', {
      tty: true,
    });
    const asked = await run(client, 't2', 'stty size', { tty: true, rows: 10, cols: 33 });
    await client.request(
      'process/start',
      startParams('t3', 'stty -echo; echo ready; read x; stty size', { tty: true }),
    );
    await printed(client, 't3', 'ready');
    const resized = await client.call('process/resize', { processId: 't3', rows: 50, cols: 132 });
    await write(client, 't3', '\n', 'w');
    await client.outputOf('t3');
    const late = await client.call('process/resize', { processId: 't3', rows: 1, cols: 1 });
    const wrong = [
      await client.call('process/resize', { processId: 't3', rows: 0, cols: 1 }),
      await client.call('process/resize', { processId: 'none', rows: 1, cols: 1 }),
    ];
    const last = ended(client, 't3');
    await client.close();
    expect({ usual, asked, resized, late, last, wrong }).toEqual({
      usual: { output: { pty: '24 80\r\n/dev/pts\r\nerr\r\n' }, exitCode: 0 },
      asked: { output: { pty: '10 33\r\n' }, exitCode: 0 },
      resized: { result: {} },
      late: { result: {} },
      last: { output: { pty: expect.stringMatching(/50 132\r\n$/) }, exitCode: 0 },
      wrong: [
        { error: { code: -32602, message: expect.any(String) } },
        refused(-32600, 'unknown process id none'),
      ],
    });
  });

  it('takes byte 3 as interrupt, byte 4 and closeStdin as end', async () => {
    const { client } = await openClient();
    await client.request(
      'process/start',
      startParams(
        'int',
        ['/bin/bash', '-c', 'trap "echo INT; exit 9" INT; echo rdy; while :; do read -t 1 x; done'],
        { tty: true },
      ),
    );
    await printed(client, 'int', 'rdy');
    await write(client, 'int', '\x03', 'w1');
    await client.outputOf('int');
    await client.request('process/start', startParams('eot', 'echo rdy; cat', { tty: true }));
    await printed(client, 'eot', 'rdy');
    await write(client, 'eot', '\x04', 'w1');
    await client.outputOf('eot');
    await client.request('process/start', startParams('close', 'echo rdy; cat', { tty: true }));
    await printed(client, 'close', 'rdy');
    await client.call('process/closeStdin', { processId: 'close' });
    await client.outputOf('close');
    const codes = ['int', 'eot', 'close'].map((id) => ended(client, id).exitCode);
    await client.close();
    expect(codes).toEqual([9, 0, 0]);
  });
});

describe('process/signal', () => {
  it.each<[signal: string, name: string, untrapped: number]>([
    ['interrupt', 'INT', 130],
    ['terminate', 'TERM', 143],
    ['hangup', 'HUP', 129],
    ['quit', 'QUIT', 131],
    ['kill', 'KILL', 137],
  ])('%s reaches the group', async (signal, name, untrapped) => {
    const { client } = await openClient();
    await client.request(
      'process/start',
      startParams('plain', ['/bin/sh', '-c', 'echo rdy; exec cat'], { pipeStdin: true }),
    );
    await client.request(
      'process/start',
      startParams(
        'trapped',
        [
          '/bin/bash',
          '-c',
          `trap "echo ${name}; exit 7" ${name}; echo rdy; while :; do read x; done`,
        ],
        { pipeStdin: true },
      ),
    );
    for (const processId of ['plain', 'trapped']) {
      await printed(client, processId, 'rdy');
      expect(await client.call('process/signal', { processId, signal })).toEqual({ result: {} });
      await client.outputOf(processId);
    }
    const codes = ['plain', 'trapped'].map((id) => ended(client, id).exitCode);
    await client.close();
    expect(codes).toEqual([untrapped, signal === 'kill' ? 137 : 7]);
  });

  it('has no effect on what is unknown or has ended, and refuses other names', async () => {
    const { client } = await openClient();
    await run(client, 'p', 'true');
    const answers = [
      await client.call('process/signal', { processId: 'p', signal: 'interrupt' }),
      await client.call('process/signal', { processId: 'zz', signal: 'kill' }),
      await client.call('process/signal', { processId: 'zz' }),
      await client.call('process/signal', { processId: 'zz', signal: 'SIGINT' }),
    ];
    await client.close();
    expect(answers).toEqual([
      { result: {} },
      { result: {} },
      { error: { code: -32602, message: expect.any(String) } },
      { error: { code: -32602, message: expect.any(String) } },
    ]);
  });
});

describe('process/terminate', () => {
  it('kills at once, traps or not, answers before the exit and tells whether there was something to do', async () => {
    const { client } = await openClient();
    await client.request(
      'process/start',
      startParams(
        'k',
        [
          '/bin/bash',
          '-c',
          'trap "echo TERM; exit 5" TERM HUP; echo rdy; while :; do read x; done',
        ],
        { pipeStdin: true },
      ),
    );
    await printed(client, 'k', 'rdy');
    const before = client.received.length;
    const first = await client.call('process/terminate', { processId: 'k' });
    await client.outputOf('k');
    const tail = client.received.slice(before);
    const others = [
      await client.call('process/terminate', { processId: 'k' }),
      await client.call('process/terminate', { processId: 'none' }),
    ];
    await client.close();
    expect({ first, others, tail }).toEqual({
      first: { result: { running: true } },
      others: [{ result: { running: false } }, { result: { running: false } }],
      tail: [
        { id: expect.any(Number), result: { running: true } },
        {
          method: 'process/exited',
          params: { processId: 'k', seq: 2, exitCode: 137, sandboxDenied: false },
        },
        { method: 'process/closed', params: { processId: 'k', seq: 3 } },
      ],
    });
  });

  it('takes the children with it', async () => {
    const { client } = await openClient();
    await client.request('process/start', startParams('k', 'sleep 1000 & echo $!; wait'));
    const first = await client.next(({ method }) => method === 'process/output');
    const pid = Number(Buffer.from(paramsOf(first).chunk ?? '', 'base64').toString());
    const before = isRunning(pid);
    await client.call('process/terminate', { processId: 'k' });
    await client.outputOf('k');
    await until(() => !isRunning(pid), 'the child is gone');
    await client.close();
    expect(before).toBe(true);
  });
});
