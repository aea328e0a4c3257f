import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startServer } from '../../support/execServerHarness';
import type { WireMessage } from '../../support/wireClient';
import { WireClient, startParams } from '../../support/wireClient';
import { failOnLeaks } from '../../support/wireLeaks';

failOnLeaks();

const base64 = (text: string): string => Buffer.from(text).toString('base64');

function send(client: WireClient, id: string, method: string, params: unknown): void {
  client.sendRaw(JSON.stringify({ id, method, params }));
}

const replyTo = (client: WireClient, id: string): Promise<WireMessage> =>
  client.next((message) => message['id'] === id);

/** The ids of replies in the order they came. */
function answered(client: WireClient): unknown[] {
  return client.received.flatMap((message) =>
    typeof message['id'] === 'string' ? [message['id']] : [],
  );
}

describe('requests that wait', () => {
  it('a long poll holds up nothing behind it', async () => {
    const { url, workspace } = await startServer();
    const client = await WireClient.open(url);
    send(client, 'start', 'process/start', startParams('p', 'cat', { pipeStdin: true }));
    send(client, 'poll', 'process/read', { processId: 'p', waitMs: 60_000 });
    send(client, 'status', 'environment/status', {});
    send(client, 'file', 'fs/writeFile', { path: join(workspace, 'a'), dataBase64: '' });
    send(client, 'other', 'process/start', startParams('q', 'true'));
    await replyTo(client, 'other');
    const before = answered(client);
    send(client, 'write', 'process/write', { processId: 'p', chunk: base64('x'), writeId: '1' });
    const poll = await replyTo(client, 'poll');
    await client.close();
    expect({ before, poll: poll['result'] }).toEqual({
      before: ['start', 'status', 'file', 'other'],
      poll: expect.objectContaining({ chunks: [{ seq: 1, stream: 'stdout', chunk: base64('x') }] }),
    });
  });

  it('a thousand long polls hold up nothing either, and one too many is refused', async () => {
    const { url } = await startServer();
    const client = await WireClient.open(url);
    await client.request('process/start', startParams('p', 'cat', { pipeStdin: true }));
    for (let index = 0; index < 1025; index += 1) {
      send(client, `poll ${index}`, 'process/read', { processId: 'p', waitMs: 60_000 });
    }
    const refused = await client.next(({ id }) => id !== undefined && id === 'poll 1024');
    const status = await client.request('environment/status');
    await client.call('process/terminate', { processId: 'p' });
    for (let index = 0; index < 1024; index += 1) await replyTo(client, `poll ${index}`);
    await client.close();
    expect({ refused, status }).toEqual({
      refused: {
        id: 'poll 1024',
        error: {
          code: -32013,
          message: 'limit reached: at most 1024 requests may wait on one connection',
        },
      },
      status: { status: 'ready' },
    });
  });

  it('a write to a child that does not read waits alone, until the child reads', async () => {
    const { url } = await startServer({ limits: { maxQueuedStdinBytes: 100_000 } });
    const client = await WireClient.open(url);
    await client.request(
      'process/start',
      startParams(
        'p',
        ['/bin/bash', '-c', 'trap "wc -c; exit" USR1; echo $$; while :; do sleep 0.02; done'],
        { pipeStdin: true },
      ),
    );
    const first = await client.next(({ method }) => method === 'process/output');
    const pid = Number(
      Buffer.from((first['params'] as { chunk: string }).chunk, 'base64').toString(),
    );
    const chunk = base64('x'.repeat(60_000));
    for (const writeId of ['w1', 'w2', 'w3', 'w4']) {
      send(client, writeId, 'process/write', { processId: 'p', chunk, writeId });
    }
    send(client, 'again', 'process/write', { processId: 'p', chunk, writeId: 'w4' });
    send(client, 'status', 'environment/status', {});
    await replyTo(client, 'status');
    const before = answered(client);
    process.kill(pid, 'SIGUSR1');
    await replyTo(client, 'again');
    const after = answered(client);
    await client.call('process/closeStdin', { processId: 'p' });
    const output = (await client.outputOf('p')).toString();
    await client.close();
    expect({
      waited: before.includes('w4') || before.includes('again'),
      answered: [...after].sort(),
      counted: output.split('\n')[1],
    }).toEqual({
      waited: false,
      answered: ['again', 'status', 'w1', 'w2', 'w3', 'w4'],
      counted: '240000',
    });
  });

  it('a write to a child that never reads is accepted when the child is killed', async () => {
    const { url } = await startServer({ limits: { maxQueuedStdinBytes: 100_000 } });
    const client = await WireClient.open(url);
    await client.request('process/start', startParams('p', 'exec sleep 1000', { pipeStdin: true }));
    const chunk = base64('x'.repeat(1_000_000));
    send(client, 'write', 'process/write', { processId: 'p', chunk, writeId: 'w' });
    send(client, 'kill', 'process/terminate', { processId: 'p' });
    const write = await replyTo(client, 'write');
    await client.outputOf('p');
    await client.close();
    expect({ order: answered(client), write }).toEqual({
      order: ['kill', 'write'],
      write: { id: 'write', result: { status: 'accepted' } },
    });
  });
});

describe('pipelined requests', () => {
  it('take effect in the order sent: a thousand writes', async () => {
    const { url } = await startServer();
    const client = await WireClient.open(url);
    send(client, 'start', 'process/start', startParams('p', 'cat', { pipeStdin: true }));
    const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}\n`);
    for (const [index, line] of lines.entries()) {
      send(client, `w${index}`, 'process/write', {
        processId: 'p',
        chunk: base64(line),
        writeId: `${index}`,
      });
    }
    send(client, 'eof', 'process/closeStdin', { processId: 'p' });
    const output = (await client.outputOf('p')).toString();
    await client.close();
    const replies = client.received.filter(
      ({ id }) => typeof id === 'string' && id.startsWith('w'),
    );
    expect({ output, replies: replies.map(({ result }) => result) }).toEqual({
      output: lines.join(''),
      replies: lines.map(() => ({ status: 'accepted' })),
    });
  });

  it('take effect in the order sent: files and processes that depend on one another', async () => {
    const { url, workspace } = await startServer();
    const client = await WireClient.open(url);
    const path = (name: string): string => join(workspace, name);
    send(client, '1', 'fs/createDirectory', { path: path('d') });
    send(client, '2', 'fs/writeFile', { path: path('d/a'), dataBase64: base64('first') });
    send(client, '3', 'fs/copy', {
      sourcePath: path('d/a'),
      destinationPath: path('d/b'),
      recursive: false,
    });
    send(client, '4', 'fs/writeFile', { path: path('d/a'), dataBase64: base64('second') });
    send(client, '5', 'fs/readFile', { path: path('d/b') });
    send(client, '6', 'process/start', startParams('p', 'cat a b', { cwd: path('d') }));
    send(client, '7', 'process/read', { processId: 'p', waitMs: 60_000 });
    const output = (await client.outputOf('p')).toString();
    send(client, '8', 'fs/remove', { path: path('d') });
    send(client, '9', 'fs/getMetadata', { path: path('d') });
    const gone = await replyTo(client, '9');
    const copy = await replyTo(client, '5');
    await client.close();
    expect({ output, copy, gone }).toEqual({
      output: 'secondfirst',
      copy: { id: '5', result: { dataBase64: base64('first') } },
      gone: { id: '9', error: { code: -32004, message: 'No such file or directory (os error 2)' } },
    });
  });

  it('are all answered once when far more are sent than may queue', async () => {
    const { url, workspace } = await startServer({ limits: { maxQueuedRequests: 4 } });
    const client = await WireClient.open(url);
    const file = join(workspace, 'count');
    const ids = Array.from({ length: 3000 }, (_, index) => `${index}`);
    for (const id of ids) {
      if (Number(id) % 10 === 0)
        send(client, id, 'fs/writeFile', { path: file, dataBase64: base64(id) });
      else send(client, id, 'environment/status', {});
    }
    await replyTo(client, '2999');
    await client.close();
    expect({ answered: answered(client), last: await readFile(file, 'utf8') }).toEqual({
      answered: ids,
      last: '2990',
    });
  });

  it('of another connection wait for nothing of this one', async () => {
    const { url } = await startServer();
    const [busy, other] = [await WireClient.open(url), await WireClient.open(url)];
    await busy.request('process/start', startParams('p', 'cat', { pipeStdin: true }));
    for (let index = 0; index < 500; index += 1) {
      send(busy, `${index}`, 'process/read', { processId: 'p', waitMs: 60_000 });
    }
    expect(await other.call('environment/status')).toEqual({ result: { status: 'ready' } });
    await Promise.all([busy.close(), other.close()]);
  });
});
