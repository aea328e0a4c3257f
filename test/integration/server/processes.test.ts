import { describe, expect, it } from 'vitest';
import { base64, refused, openClient, run, write, status } from '../../support/processCalls';
import { startServer } from '../../support/execServerHarness';
import type { WireReply } from '../../support/wireClient';
import { WireClient, startParams } from '../../support/wireClient';
import { failOnLeaks, until } from '../../support/wireLeaks';

failOnLeaks();

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
      [
        { cwd: 'file://host/tmp' },
        refused(
          -32602,
          "cwd URI `file://host/tmp` is not valid on this exec-server host: 'file://host/tmp' is invalid on 'linux'",
        ),
      ],
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
    const server = await startServer({ environment: { mode: 'disabled' } });
    const client = await WireClient.open(server.url);
    const answer = await client.call('process/start', startParams('p', 'true'));
    await client.close();
    expect(answer).toEqual(refused(-32012, 'exec is disabled: the user switched Exec Server off'));
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
