import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startControlled } from '../../support/controlHarness';
import { startServer } from '../../support/execServerHarness';
import { HeldTimers } from '../../support/heldTimers';
import type { Answer } from '../../support/httpPeer';
import { HttpPeer, flood } from '../../support/httpPeer';
import type { WireMessage } from '../../support/wireClient';
import { WireClient } from '../../support/wireClient';
import {
  failOnLeaks,
  memoryInUse,
  until,
  untilMemoryIsWithin,
  untilStable,
} from '../../support/wireLeaks';

failOnLeaks();

const MIB = 1024 * 1024;

interface HttpResult {
  readonly status: number;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly bodyBase64: string;
}

const asResult = (result: unknown): HttpResult => result as HttpResult;

const bodyOf = (result: unknown): string =>
  Buffer.from(asResult(result).bodyBase64, 'base64').toString();

interface Delta {
  readonly requestId: string;
  readonly seq: number;
  readonly deltaBase64: string;
  readonly done: boolean;
  readonly error: string | null;
}

const isDelta = (message: WireMessage): boolean => message['method'] === 'http/request/bodyDelta';

function deltasOf(client: WireClient, requestId: string): Delta[] {
  return client.received
    .filter(isDelta)
    .map((message) => message['params'] as Delta)
    .filter((delta) => delta.requestId === requestId);
}

async function wholeStream(client: WireClient, requestId: string): Promise<Delta[]> {
  const isEnd = (message: WireMessage): boolean => {
    const { requestId: id, done } = (message['params'] ?? {}) as Partial<Delta>;
    return isDelta(message) && id === requestId && done === true;
  };
  await client.next(isEnd);
  return deltasOf(client, requestId);
}

async function connect(answer: Answer, limits: Parameters<typeof startServer>[0] = {}) {
  const peer = await HttpPeer.start(answer);
  const server = await startServer(limits);
  const client = await WireClient.open(server.url);
  const send = (path: string, more: Readonly<Record<string, unknown>> = {}) =>
    client.call('http/request', {
      method: 'GET',
      url: peer.url + path,
      requestId: 'r',
      ...more,
    });
  return { peer, server, client, send };
}

const hello: Answer = (_request, response) => {
  response.end('hello');
};

describe('http/request', () => {
  it('answers status, headers as received and the body as it was sent', async () => {
    const packed = gzipSync('packed');
    const { client, send } = await connect((_request, response) => {
      response.sendDate = false;
      response.writeHead(404, [
        ['Set-Cookie', 'a=1'],
        ['X-Mixed', 'Value'],
        ['Set-Cookie', 'b=2'],
        ['X-Beyond', 'caf\u00e9'],
        ['Content-Encoding', 'gzip'],
        ['Content-Length', String(packed.length)],
        ['Connection', 'close'],
      ] as never);
      response.end(packed);
    });
    const reply = await send('/');
    await client.close();
    expect(reply).toEqual({
      result: {
        status: 404,
        headers: [
          { name: 'set-cookie', value: 'a=1' },
          { name: 'x-mixed', value: 'Value' },
          { name: 'set-cookie', value: 'b=2' },
          { name: 'content-encoding', value: 'gzip' },
          { name: 'content-length', value: String(packed.length) },
          { name: 'connection', value: 'close' },
        ],
        bodyBase64: packed.toString('base64'),
      },
    });
  });

  it('sends what it is told and adds no more than an accept', async () => {
    const { client, peer, send } = await connect(hello);
    await send('/x?y=1', {
      method: 'POST',
      headers: [
        { name: 'X-Twice', value: '1' },
        { name: 'x-twice', value: 'zwei \u00e9' },
      ],
      bodyBase64: Buffer.from('body').toString('base64'),
    });
    await client.close();
    const utf8 = Buffer.from('zwei \u00e9').toString('latin1');
    expect(peer.received).toEqual([
      {
        line: 'POST /x?y=1',
        headers: [
          `host: ${peer.url.slice('http://'.length)}`,
          'connection: keep-alive',
          'x-twice: 1',
          `x-twice: ${utf8}`,
          'accept: */*',
          'content-length: 4',
        ],
        body: 'body',
      },
    ]);
  });

  it('makes user and password of the address a header, and no part of an error', async () => {
    const { client, peer } = await connect(hello);
    const at = (url: string) => client.call('http/request', { method: 'GET', url, requestId: 'r' });
    await at(peer.url.replace('://', '://us:p%40w@'));
    const refused = await at('http://us:pw@127.0.0.1:1/p?q=1#f');
    await client.close();
    expect(peer.lastHeader('authorization')).toEqual([
      `Basic ${Buffer.from('us:p@w').toString('base64')}`,
    ]);
    expect(refused).toEqual({
      error: {
        code: -32603,
        message: 'http/request failed: error sending request for url (http://127.0.0.1:1/p?q=1#f)',
      },
    });
  });

  it('follows redirects, or does not', async () => {
    const { client, peer, send } = await connect((request, response) => {
      if (request.url === '/from') response.writeHead(302, { location: '/to' });
      response.end(request.url);
    });
    const [followed, stopped] = [
      await send('/from'),
      await send('/from', { redirectPolicy: 'stop' }),
    ];
    await client.close();
    expect([followed, stopped]).toMatchObject([
      { result: { status: 200, bodyBase64: Buffer.from('/to').toString('base64') } },
      { result: { status: 302 } },
    ]);
    expect(peer.received.map(({ line }) => line)).toEqual(['GET /from', 'GET /to', 'GET /from']);
  });

  it('gives up after ten redirects', async () => {
    const { client, peer, send } = await connect((_request, response) => {
      response.writeHead(307, { location: '/again' });
      response.end();
    });
    const reply = await send('/');
    await client.close();
    expect(reply).toMatchObject({ error: { message: 'http/request failed: too many redirects' } });
    expect(peer.received).toHaveLength(11);
  });

  it('ends with its time, before and after the headers', async () => {
    const timeoutMs = 12_345;
    const time = new HeldTimers(timeoutMs);
    const { client, peer, send } = await connect((request, response) => {
      if (request.url === '/silent') return;
      if (request.url === '/whole') response.end();
      else response.write('part');
    });
    const silent = send('/silent', { timeoutMs });
    await until(() => peer.received.length === 1, 'the first request is there');
    time.expire();
    const partial = send('/', { timeoutMs });
    await until(() => peer.received.length === 2, 'the second request is there');
    // What the peer has written by now is read before the answer to what is asked now.
    await send('/whole');
    time.expire();
    const replies = [await silent, await partial, await send('/', { timeoutMs: 0 })];
    await send('/', { timeoutMs, streamResponse: true, requestId: 's' });
    time.expire();
    const deltas = await wholeStream(client, 's');
    await client.close();
    expect(replies).toMatchObject([
      { error: { message: expect.stringContaining('error sending request for url') } },
      {
        error: {
          code: -32603,
          message: 'failed to read http/request response body: error decoding response body',
        },
      },
      { error: { message: expect.stringContaining('error sending request for url') } },
    ]);
    expect(deltas.at(-1)).toMatchObject({ done: true, error: 'error decoding response body' });
  });

  it('does not hold up other requests while it waits', async () => {
    const { client, send } = await connect(() => undefined);
    void send('/silent').catch(() => undefined);
    await client.request('environment/status');
    client.cut();
    await client.closed;
  });

  it('refuses a whole body beyond the limit and says how to get it', async () => {
    const { client, send } = await connect(
      (_request, response) => {
        response.end(Buffer.alloc(2 * MIB));
      },
      { limits: { maxHttpBodyBytes: MIB } },
    );
    const reply = await send('/');
    await send('/', { streamResponse: true, requestId: 's' });
    const deltas = await wholeStream(client, 's');
    await client.close();
    expect(reply).toMatchObject({
      error: { code: -32013, message: expect.stringMatching(/1048576 bytes; .* streamResponse/) },
    });
    const bytes = deltas.reduce((sum, { deltaBase64 }) => sum + deltaBase64.length, 0);
    expect(bytes).toBeGreaterThanOrEqual((2 * MIB * 4) / 3);
  });

  it('refuses more requests at once than the limit', async () => {
    const { client, send } = await connect(
      (_request, response) => {
        response.flushHeaders();
      },
      { limits: { maxHttpRequestsPerConnection: 1 } },
    );
    await send('/', { streamResponse: true, requestId: 's' });
    const reply = await send('/');
    client.cut();
    await client.closed;
    expect(reply).toMatchObject({
      error: {
        code: -32013,
        message: 'limit reached: at most 1 HTTP requests may be under way on one connection',
      },
    });
  });

  it('is refused while exec is off', async () => {
    const { client, send } = await connect(hello, { environment: { mode: 'disabled' } });
    const reply = await send('/');
    await client.close();
    expect(reply).toMatchObject({ error: { code: -32012 } });
  });

  it('leaves no address and no header in the log', async () => {
    const { client, peer, server } = await connect(hello);
    const headers = [{ name: 'authorization', value: 'Bearer S3CRET' }];
    for (const url of [`${peer.url}/S3CRET?S3CRET`, 'http://S3CRET:S3CRET@127.0.0.1:1/S3CRET']) {
      await client.call('http/request', { method: 'GET', url, requestId: 'S3CRET', headers });
      await client.call('http/request', {
        method: 'GET',
        url,
        requestId: 'S3CRET',
        headers: [...headers, { name: 'content-length', value: '5' }],
      });
    }
    await client.close();
    expect(server.log.filter(({ line }) => line.includes('S3CRET'))).toEqual([]);
  });
});

describe('a streamed body', () => {
  it('follows the answer in numbered pieces and ends with an empty one', async () => {
    const { client, send } = await connect((_request, response) => {
      response.write('one');
      setImmediate(() => response.end('two'));
    });
    const reply = await send('/', { streamResponse: true });
    const deltas = await wholeStream(client, 'r');
    await client.close();
    expect(reply).toMatchObject({ result: { status: 200, bodyBase64: '' } });
    const answeredAt = client.received.findIndex(
      (message) => 'result' in message && message['id'] === 2,
    );
    expect(client.received.findIndex(isDelta)).toBeGreaterThan(answeredAt);
    const text = deltas.map(({ deltaBase64 }) => Buffer.from(deltaBase64, 'base64').toString());
    expect(text.join('')).toBe('onetwo');
    expect(deltas.map(({ seq }) => seq)).toEqual(deltas.map((_delta, index) => index + 1));
    expect(deltas.map(({ done, error }) => ({ done, error }))).toEqual(
      deltas.map((_delta, index) => ({ done: index === deltas.length - 1, error: null })),
    );
    expect(deltas.at(-1)?.deltaBase64).toBe('');
  });

  it('says when it broke', async () => {
    const { client, send } = await connect((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('part', () => response.destroy());
    });
    await send('/', { streamResponse: true });
    const deltas = await wholeStream(client, 'r');
    await client.close();
    expect(deltas.at(-1)).toEqual({
      requestId: 'r',
      seq: deltas.length,
      deltaBase64: '',
      done: true,
      error: 'error decoding response body',
    });
  });

  it('keeps its id to itself until it has ended', async () => {
    let end = (): void => undefined;
    const { client, send } = await connect((request, response) => {
      response.flushHeaders();
      if (request.url === '/held') end = () => response.end();
      else response.end('x');
    });
    await send('/held', { streamResponse: true });
    const [second, whole, other] = [
      await send('/', { streamResponse: true }),
      await send('/'),
      await send('/', { streamResponse: true, requestId: 'other' }),
    ];
    end();
    await wholeStream(client, 'r');
    const reused = await send('/', { streamResponse: true });
    await client.close();
    expect(second).toEqual({
      error: {
        code: -32602,
        message: 'http/request streamResponse requestId `r` is already active',
      },
    });
    expect([whole, other, reused]).toMatchObject([
      { result: { status: 200 } },
      { result: { status: 200 } },
      { result: { status: 200 } },
    ]);
  });

  it('gives the id back when nothing answers', async () => {
    const { client, send } = await connect(hello);
    const failed = await send('/', { url: 'http://127.0.0.1:1/', streamResponse: true });
    const reply = await send('/', { streamResponse: true });
    await client.close();
    expect([failed, reply]).toMatchObject([{ error: { code: -32603 } }, { result: {} }]);
  });

  it('is cut when the user switches the server off, and says so', async () => {
    const peer = await HttpPeer.start((request, response) => {
      if (request.url !== '/silent') response.write('part');
    });
    const { control, url } = await startControlled();
    const client = await WireClient.open(url);
    const send = (path: string, more: object = {}) =>
      client.call('http/request', { method: 'GET', url: peer.url + path, requestId: 'r', ...more });
    await send('/', { streamResponse: true });
    await client.next(isDelta);
    const others = [send('/silent'), send('/')];
    await until(() => peer.received.length === 3, 'the requests are there');
    await control.setEnvironment({ mode: 'disabled' }, 'keep');
    const deltas = await wholeStream(client, 'r');
    const replies = await Promise.all(others);
    await control.setEnvironment({ mode: 'local' }, 'keep');
    expect(await send('/', { streamResponse: true })).toMatchObject({ result: { status: 200 } });
    client.cut();
    await client.closed;
    const message = 'exec is disabled: the user switched Exec Server off';
    expect(deltas.at(-1)).toMatchObject({ deltaBase64: '', done: true, error: message });
    const refused = { error: { code: -32012, message } };
    expect(replies).toEqual([refused, refused]);
  });

  it('ends with the connection', async () => {
    const { client, peer, send } = await connect((_request, response) => {
      flood(response);
    });
    await send('/', { streamResponse: true });
    client.cut();
    await peer.didLoseClient;
  });

  it('is held back by a client that does not read, costs no memory, and goes on', async () => {
    let taken = (): number => 0;
    const { client, send } = await connect((_request, response) => {
      taken = flood(response);
    });
    await send('/', { streamResponse: true });
    await until(() => deltasOf(client, 'r').length > 0, 'the body comes');
    const before = memoryInUse();
    client.setPaused(true);
    const stalledAt = await untilStable(() => taken(), 'the sender stalls');
    await untilMemoryIsWithin(before + 64 * MIB);
    client.setPaused(false);
    await until(() => taken() > stalledAt + 8 * MIB, 'the sender goes on');
    client.cut();
    await client.closed;
    const seqs = deltasOf(client, 'r').map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_seq, index) => index + 1));
  });

  it('that comes while others are read is in the order of each request', async () => {
    const { client, send } = await connect((request, response) => {
      response.end((request.url ?? '').repeat(1000));
    });
    const ids = ['a', 'b', 'c'];
    await Promise.all(
      ids.map((requestId) => send(`/${requestId}`, { streamResponse: true, requestId })),
    );
    for (const id of ids) {
      const deltas = await wholeStream(client, id);
      const text = deltas.map(({ deltaBase64 }) => Buffer.from(deltaBase64, 'base64').toString());
      expect(text.join('')).toBe(`/${id}`.repeat(1000));
    }
    await client.close();
  });
});

describe('a header from a variable', () => {
  it('gets the value of the executor behind what is written', async () => {
    const { client, peer, send } = await connect(hello);
    process.env['TOOLS_TOKEN'] = 'S3CRET';
    try {
      const reply = await send('/', {
        headers: [{ name: 'authorization', value: 'Bearer ', valueEnvVar: 'TOOLS_TOKEN' }],
      });
      expect(bodyOf('result' in reply ? reply.result : undefined)).toBe('hello');
    } finally {
      delete process.env['TOOLS_TOKEN'];
    }
    await client.close();
    expect(peer.lastHeader('authorization')).toEqual(['Bearer S3CRET']);
  });
});
