import { describe, expect, it } from 'vitest';
import type { ServerUnderTest } from '../../support/execServerHarness';
import { startServer } from '../../support/execServerHarness';
import { HeldTimers } from '../../support/heldTimers';
import { WireClient, startParams } from '../../support/wireClient';
import type { WireReply } from '../../support/wireClient';
import { RawConnection, requestText, upgradeHeaders } from '../../support/wireHttp';
import { failOnLeaks, until } from '../../support/wireLeaks';

failOnLeaks();

const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;

const refused = (code: number, message: string): WireReply => ({ error: { code, message } });

/** Opens a ready connection and sends texts on it; answers what came back for them, as text. */
async function answersTo(
  server: ServerUnderTest,
  frames: readonly (string | Buffer)[],
): Promise<string[]> {
  const client = await WireClient.open(server.url);
  const before = client.receivedTexts.length;
  for (const frame of frames) client.sendRaw(frame);
  await client.request('environment/status');
  await client.close();
  return client.receivedTexts.slice(before, -1);
}

/** The reply to what could not be read; the peer's address in it is left out. */
function withoutPeer(text: string): string {
  return text.replace(/websocket 127\.0\.0\.1:\d+:/, 'websocket PEER:');
}

const malformed = (detail: string): string =>
  `{"error":{"code":-32600,"message":"failed to parse websocket JSON-RPC message from exec-server websocket PEER: ${detail}"},"id":-1}`;

describe('initialize', () => {
  it('answers with a session id and what environment/info says', async () => {
    const { url } = await startServer();
    const client = await WireClient.connect(url);
    const opened = await client.request('initialize', {
      clientName: 'codex-environment',
      resumeSessionId: null,
    });
    client.notify('initialized', {});
    const info = await client.request('environment/info', null);
    await client.close();
    expect(opened).toEqual({ sessionId: expect.stringMatching(uuid), environmentInfo: info });
  });

  it.each<[name: string, params: unknown, error: WireReply]>([
    ['no parameters', undefined, refused(-32602, 'invalid type: null, expected an object')],
    ['null', null, refused(-32602, 'invalid type: null, expected an object')],
    ['no name', {}, refused(-32602, 'missing field `clientName`')],
    ['a list', [], refused(-32602, 'invalid type: sequence, expected an object')],
    [
      'a number as name',
      { clientName: 5 },
      refused(-32602, 'invalid type: number, expected a string at `clientName`'),
    ],
    [
      'a name of 257 bytes',
      { clientName: `${'é'.repeat(128)}x` },
      refused(-32602, 'clientName is longer than 256 bytes'),
    ],
    [
      'a session id of 257 bytes',
      { clientName: 'x', resumeSessionId: 'y'.repeat(257) },
      refused(-32602, 'resumeSessionId is longer than 256 bytes'),
    ],
    [
      'an unknown session',
      { clientName: 'x', resumeSessionId: 'nope' },
      refused(-32600, 'unknown session id nope'),
    ],
    [
      'an empty session',
      { clientName: 'x', resumeSessionId: '' },
      refused(-32600, 'unknown session id '),
    ],
  ])('refuses %s, and may be tried again', async (_name, params, error) => {
    const { url } = await startServer();
    const client = await WireClient.connect(url);
    const first = await client.call('initialize', params);
    const { sessionId } = await client.initialize();
    await client.close();
    expect({ first, sessionId }).toEqual({ first: error, sessionId: expect.stringMatching(uuid) });
  });

  it('takes any name of 256 bytes, null for no session and members nobody knows', async () => {
    const { url } = await startServer();
    for (const params of [
      { clientName: '' },
      { clientName: 'é'.repeat(128), resumeSessionId: null },
      { clientName: 'x', unknownField: { deep: [1] } },
    ]) {
      const client = await WireClient.connect(url);
      expect(await client.request('initialize', params)).toMatchObject({
        sessionId: expect.stringMatching(uuid),
      });
      await client.close();
    }
  });

  it('must come within its time', async () => {
    const initializeTimeoutMs = 12_345;
    const time = new HeldTimers(initializeTimeoutMs);
    const { url } = await startServer({ limits: { initializeTimeoutMs } });
    const early = await WireClient.open(url);
    const late = await WireClient.connect(url);
    time.expire();
    expect(await late.closed).toEqual({ code: 1002, reason: 'no initialize in time' });
    expect(await early.call('environment/status')).toEqual({ result: { status: 'ready' } });
    await early.close();
  });

  it('may come once', async () => {
    const { url } = await startServer();
    const client = await WireClient.open(url);
    const again = await client.call('initialize', { clientName: 'x' });
    await client.close();
    expect(again).toEqual(refused(-32600, 'initialize may only be sent once per connection'));
  });
});

describe('the order of a handshake', () => {
  const calls: readonly [method: string, params: unknown, family: string][] = [
    ['process/start', startParams('p', 'true'), 'exec'],
    ['process/read', { processId: 'p' }, 'exec'],
    ['process/write', { processId: 'p', chunk: '', writeId: 'w' }, 'exec'],
    ['process/closeStdin', { processId: 'p' }, 'exec'],
    ['process/resize', { processId: 'p', rows: 1, cols: 1 }, 'exec'],
    ['process/signal', { processId: 'p', signal: 'interrupt' }, 'exec'],
    ['process/terminate', { processId: 'p' }, 'exec'],
    ['fs/readFile', { path: 'file:///nope' }, 'filesystem'],
    ['environment/info', {}, 'environment info'],
    ['environment/status', undefined, 'environment status'],
  ];

  it('refuses every family before initialize, and before initialized', async () => {
    const { url } = await startServer();
    const client = await WireClient.connect(url);
    const before = [];
    for (const [method, params] of calls) before.push(await client.call(method, params));
    await client.request('initialize', { clientName: 'x' });
    const between = [];
    for (const [method, params] of calls) between.push(await client.call(method, params));
    await client.close();
    expect({ before, between }).toEqual({
      before: calls.map(([, , family]) =>
        refused(-32600, `client must call initialize before using ${family} methods`),
      ),
      between: calls.map(([, , family]) =>
        refused(-32600, `client must send initialized before using ${family} methods`),
      ),
    });
  });

  it('looks at methods and parameters first', async () => {
    const { url } = await startServer();
    const client = await WireClient.connect(url);
    const answers = [
      await client.call('bogus/method', {}),
      await client.call('process/read', {}),
      await client.call('process/start', { ...startParams('p', 'true'), argv: [] }),
    ];
    await client.close();
    expect(answers).toEqual([
      refused(-32601, 'exec-server does not implement `bogus/method`'),
      refused(-32602, 'missing field `processId`'),
      refused(-32602, 'argv must not be empty'),
    ]);
  });

  it('holds for messages sent all at once', async () => {
    const { url } = await startServer();
    const client = await WireClient.connect(url);
    client.sendRaw('{"id":1,"method":"environment/status"}');
    client.sendRaw('{"id":2,"method":"initialize","params":{"clientName":"x"}}');
    client.sendRaw('{"id":3,"method":"environment/status"}');
    client.sendRaw('{"method":"initialized"}');
    client.sendRaw('{"id":4,"method":"environment/status"}');
    await client.next((message) => message['id'] === 4);
    await client.close();
    expect(client.received.map(({ id, error }) => [id, error])).toEqual([
      [
        1,
        {
          code: -32600,
          message: 'client must call initialize before using environment status methods',
        },
      ],
      [2, undefined],
      [
        3,
        {
          code: -32600,
          message: 'client must send initialized before using environment status methods',
        },
      ],
      [4, undefined],
    ]);
  });

  it('takes initialized twice, with and without parameters', async () => {
    const { url } = await startServer();
    const client = await WireClient.open(url);
    client.notify('initialized');
    client.notify('initialized', null);
    expect(await client.call('environment/status')).toEqual({ result: { status: 'ready' } });
    await client.close();
  });
});

describe('messages that mean nothing here', () => {
  it.each<[name: string, frame: string, logged: string]>([
    [
      'an unknown notification',
      '{"method":"foo/bar","params":{}}',
      'ignored unknown notification method=foo/bar',
    ],
    [
      'a request method as notification',
      '{"method":"environment/status"}',
      'ignored unknown notification method=environment/status',
    ],
    [
      'a notification of a very long name',
      JSON.stringify({ method: 'é'.repeat(5_000_000) }),
      `ignored unknown notification method=${'é'.repeat(80)}`,
    ],
    ['a result', '{"id":1,"result":{}}', 'ignored reply to no request'],
    ['an error', '{"error":{"code":1,"message":"x"},"id":1}', 'ignored reply to no request'],
  ])('are ignored in every state: %s', async (_name, frame, logged) => {
    const { url, log } = await startServer();
    const client = await WireClient.connect(url);
    client.sendRaw(frame);
    await client.request('initialize', { clientName: 'a', resumeSessionId: null });
    client.sendRaw(frame);
    client.notify('initialized', {});
    client.sendRaw(frame);
    const answer = await client.call('environment/status');
    await client.close();
    expect({
      answer,
      received: client.received.length,
      lines: log.filter(({ line }) => line.includes('ignored')),
    }).toEqual({
      answer: { result: { status: 'ready' } },
      received: 2,
      lines: Array(3).fill({ level: 'debug', line: `[connection 1] ${logged}` }),
    });
  });

  it('are logged ten times a connection at most', async () => {
    const { url, log } = await startServer();
    const client = await WireClient.open(url);
    for (let count = 0; count < 1000; count += 1) client.notify('foo/bar', { count });
    await client.call('environment/status');
    await client.close();
    const lines = log.filter(({ line }) => line.includes('ignored')).map(({ line }) => line);
    expect({ count: lines.length, last: lines.at(-1) }).toEqual({
      count: 10,
      last: '[connection 1] ignored unknown notification method=foo/bar further="not logged"',
    });
  });

  it('hold nothing up and change no order', async () => {
    const { url, workspace } = await startServer();
    const client = await WireClient.open(url);
    for (let id = 0; id < 200; id += 1) {
      client.sendRaw(
        JSON.stringify({
          id: `w${id}`,
          method: 'fs/writeFile',
          params: {
            path: `${workspace}/file`,
            dataBase64: Buffer.from(`${id}`).toString('base64'),
          },
        }),
      );
      client.sendRaw(`{"id":"w${id}","result":{}}`);
    }
    await client.next(({ id }) => id === 'w199');
    const read = await client.call('fs/readFile', { path: `${workspace}/file` });
    await client.close();
    expect(read).toEqual({ result: { dataBase64: Buffer.from('199').toString('base64') } });
  });
});

describe('messages that end a connection', () => {
  it('initialized before initialize', async () => {
    const { url } = await startServer();
    const client = await WireClient.connect(url);
    client.notify('initialized', {});
    expect(await client.closed).toEqual({ code: 1002, reason: 'initialized before initialize' });
  });

  it('take effect in their turn, and nothing behind them does', async () => {
    const { url } = await startServer();
    const client = await WireClient.connect(url);
    client.sendRaw('{"id":1,"method":"bogus"}');
    client.notify('initialized', {});
    client.sendRaw('{"id":2,"method":"bogus"}');
    await client.closed;
    expect(client.received.map(({ id }) => id)).toEqual([1]);
  });

  it('end it once, however often a client goes on without answering the close frame', async () => {
    const server = await startServer({ limits: { closeHandshakeMs: 300 } });
    const connection = await RawConnection.open(server.port);
    connection.send(requestText(`GET /?token=${server.token} HTTP/1.1`, upgradeHeaders()));
    await until(() => connection.text.includes('\r\n\r\n'), 'the upgrade is answered');
    // A masked text frame with the mask 0, again and again.
    const early = '\x81\x98\0\0\0\0{"method":"initialized"}';
    const again = setInterval(() => {
      connection.send(early);
    }, 20);
    await connection.ended;
    clearInterval(again);
    const lines = server.log.filter(({ line }) => line.includes('connection closed by us'));
    expect(lines).toEqual([
      {
        level: 'warn',
        line: '[connection 1] connection closed by us reason="initialized before initialize"',
      },
    ]);
  });
});

describe('the envelope', () => {
  it('answers what it cannot read with id -1 and goes on', async () => {
    const server = await startServer();
    const cases: readonly [frame: string | Buffer, detail: string][] = [
      ['not json', 'invalid JSON'],
      ['', 'invalid JSON'],
      ['{"id":1', 'invalid JSON'],
      ['{"id":5}', 'missing field `error`'],
      ['{}', 'missing field `error`'],
      ['[]', 'expected a JSON-RPC object'],
      ['123', 'expected a JSON-RPC object'],
      ['""', 'expected a JSON-RPC object'],
      ['null', 'expected a JSON-RPC object'],
      [
        '[{"id":11,"method":"environment/status"},{"id":12,"method":"environment/status"}]',
        'expected a JSON-RPC object',
      ],
      ['{"id":1.5,"method":"environment/status"}', 'expected a string or a 64-bit integer as id'],
      ['{"id":null,"method":"environment/status"}', 'expected a string or a 64-bit integer as id'],
      ['{"id":true,"method":"environment/status"}', 'expected a string or a 64-bit integer as id'],
      ['{"id":{},"method":"environment/status"}', 'expected a string or a 64-bit integer as id'],
      [
        '{"id":9223372036854775808,"method":"environment/status"}',
        'expected a string or a 64-bit integer as id',
      ],
      [
        '{"id":-9223372036854775809,"method":"environment/status"}',
        'expected a string or a 64-bit integer as id',
      ],
      ['{"id":7,"method":5}', 'expected a string as method'],
      ['{"id":7,"method":null}', 'expected a string as method'],
      [
        '{"id":"t","method":"environment/status","trace":5}',
        'expected a W3C trace context as trace',
      ],
      [Buffer.from([0x7b, 0xff, 0x7d]), 'invalid UTF-8'],
    ];
    const answers = await answersTo(
      server,
      cases.map(([frame]) => frame),
    );
    expect(answers.map(withoutPeer)).toEqual(cases.map(([, detail]) => malformed(detail)));
  });

  it('echoes every id as it was written', async () => {
    const server = await startServer();
    const ids = [
      '"abc"',
      '""',
      '0',
      '-7',
      '9007199254740993',
      '9223372036854775807',
      '-9223372036854775808',
      '"\\ud83d\\ude00"',
    ];
    const answers = await answersTo(
      server,
      ids.map((id) => `{"id":${id},"method":"environment/status"}`),
    );
    expect(answers).toEqual(
      [...ids.slice(0, -1), '"😀"'].map((id) => `{"id":${id},"result":{"status":"ready"}}`),
    );
  });

  it('takes binary frames, a jsonrpc member, unknown members and a trace, and always sends text', async () => {
    const server = await startServer();
    expect(
      await answersTo(server, [
        Buffer.from('{"id":"b","method":"environment/status"}'),
        '{"jsonrpc":"2.0","id":"j","method":"environment/status","params":{},"extra":1}',
        '{"id":"t","method":"environment/status","trace":{"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}}',
        '{"method":"environment/status","params":null,"id":"o"}',
        ' \n{ "id" : "w" , "method" : "environment/status" }\t',
      ]),
    ).toEqual(['b', 'j', 't', 'o', 'w'].map((id) => `{"id":"${id}","result":{"status":"ready"}}`));
  });

  it('takes 262144 values and 128 levels in one message and no more', async () => {
    const server = await startServer();
    // The object, id, method and the list itself are four values; the list is the second level.
    const values = (count: number): string =>
      `{"id":1,"method":"x/y","params":[${'0,'.repeat(count - 5)}0]}`;
    const nested = (depth: number): string =>
      `{"id":1,"method":"x/y","params":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`;
    const answers = await answersTo(server, [
      values(262_144),
      values(262_145),
      nested(128),
      nested(129),
    ]);
    const unknown =
      '{"error":{"code":-32601,"message":"exec-server does not implement `x/y`"},"id":1}';
    expect(answers.map(withoutPeer)).toEqual([
      unknown,
      malformed('JSON-RPC message exceeds the limit of 262144 JSON values'),
      unknown,
      malformed('JSON-RPC message exceeds the limit of 128 nesting levels'),
    ]);
  });

  it('treats names every object has as data', async () => {
    const server = await startServer();
    const answers = await answersTo(server, [
      '{"id":1,"method":"environment/status","__proto__":{"id":2,"method":5}}',
      '{"id":3,"method":"process/read","params":{"__proto__":{"processId":"p"}}}',
      '{"id":4,"method":"constructor"}',
    ]);
    expect({ answers, polluted: 'method' in {} }).toEqual({
      answers: [
        '{"id":1,"result":{"status":"ready"}}',
        '{"error":{"code":-32602,"message":"missing field `processId`"},"id":3}',
        '{"error":{"code":-32601,"message":"exec-server does not implement `constructor`"},"id":4}',
      ],
      polluted: false,
    });
  });

  it('refuses parameters of environment/status and takes none in three ways', async () => {
    const { url } = await startServer();
    const client = await WireClient.open(url);
    const answers = [];
    for (const params of [undefined, null, {}])
      answers.push(await client.call('environment/status', params));
    const withMember = await client.call('environment/status', { x: 1 });
    await client.close();
    expect({ answers, withMember }).toEqual({
      answers: Array(3).fill({ result: { status: 'ready' } }),
      withMember: { error: { code: -32602, message: expect.any(String) } },
    });
  });
});

describe('a message that is too large', () => {
  it.each<[name: string, size: number, code: number | undefined]>([
    ['one byte within', 4096, undefined],
    ['one byte beyond', 4097, 1009],
  ])('%s', async (_name, size, code) => {
    const { url } = await startServer({ limits: { maxMessageBytes: 4096 } });
    const client = await WireClient.open(url);
    const head = '{"id":99,"method":"environment/status","x":"';
    client.sendRaw(`${head}${'x'.repeat(size - head.length - 2)}"}`);
    if (code === undefined) {
      expect(await client.next(({ id }) => id === 99)).toEqual({
        id: 99,
        result: { status: 'ready' },
      });
      await client.close();
    } else {
      expect(await client.closed).toEqual({
        code,
        reason: 'a message may have at most 4096 bytes',
      });
    }
  });

  it('at the default of 64 MiB', async () => {
    const { url } = await startServer();
    const client = await WireClient.open(url);
    const head = '{"id":99,"method":"environment/status","x":"';
    const within = Buffer.alloc(64 * 1024 ** 2, 'x');
    within.write(head);
    within.write('"}', within.length - 2);
    client.sendRaw(within);
    await client.next(({ id }) => id === 99);
    client.sendRaw(Buffer.concat([within, Buffer.from(' ')]));
    expect(await client.closed).toEqual({
      code: 1009,
      reason: 'a message may have at most 67108864 bytes',
    });
  });

  it('is refused by its length when it comes in fragments too', async () => {
    const { url } = await startServer({ limits: { maxMessageBytes: 4096 } });
    const client = await WireClient.open(url);
    for (const last of [false, false, true]) client.sendFragment('x'.repeat(2000), last);
    expect(await client.closed).toEqual({
      code: 1009,
      reason: 'a message may have at most 4096 bytes',
    });
  });

  it('costs the connection and not the session', async () => {
    const { url } = await startServer({ limits: { maxMessageBytes: 4096 } });
    const client = await WireClient.open(url);
    await client.request(
      'process/start',
      startParams('p', 'read -r line; echo "got $line"', { pipeStdin: true }),
    );
    client.sendRaw('x'.repeat(100_000));
    await client.closed;
    const next = await WireClient.open(url, client.sessionId);
    await next.request('process/write', {
      processId: 'p',
      chunk: Buffer.from('it\n').toString('base64'),
      writeId: 'w',
    });
    const output = (await next.outputOf('p')).toString();
    await next.close();
    expect({ sessionId: next.sessionId, output }).toEqual({
      sessionId: client.sessionId,
      output: 'got it\n',
    });
  });

  it('is given up soon although its sender never finishes closing', async () => {
    const { port, token, executor } = await startServer({
      limits: { maxMessageBytes: 1000, closeHandshakeMs: 100 },
    });
    const connection = await RawConnection.open(port);
    connection.socket.allowHalfOpen = true;
    connection.send(requestText(`GET /?token=${token} HTTP/1.1`, upgradeHeaders()));
    await until(() => connection.text.includes('\r\n\r\n'), 'the upgrade is answered');
    // The head of a masked text frame of 16384 bytes.
    connection.send('\x81\xfe\x40\0\0\0\0\0');
    await until(() => executor.server.connectionCount === 0, 'the server has let go');
  });
});

describe('closing', () => {
  it.each([1000, 1001, 3000])('answers a close frame with %i by the same', async (code) => {
    const { url } = await startServer();
    const client = await WireClient.open(url);
    client.sendClose(code, 'bye');
    expect(await client.closed).toEqual({ code, reason: 'bye' });
  });

  it('ends a client that floods it with pings it does not let be answered', async () => {
    const { port, token, executor } = await startServer();
    const connection = await RawConnection.open(port);
    connection.send(requestText(`GET /?token=${token} HTTP/1.1`, upgradeHeaders()));
    await until(() => connection.text.includes('\r\n\r\n'), 'the upgrade is answered');
    connection.socket.pause();
    const pings = `\x89\x80\0\0\0\0`.repeat(20_000);
    const flood = setInterval(() => {
      if (connection.socket.writableLength === 0) connection.send(pings);
    }, 1);
    await until(() => executor.server.connectionCount === 0, 'it is cut');
    clearInterval(flood);
  });

  it('ends a client that answers no ping for the time given, and keeps one that does', async () => {
    const { url, port, token, executor } = await startServer({
      limits: { pingIntervalMs: 300, deadConnectionMs: 900 },
    });
    const answering = await WireClient.open(url);
    const connection = await RawConnection.open(port);
    connection.send(requestText(`GET /?token=${token} HTTP/1.1`, upgradeHeaders()));
    await connection.ended;
    expect(await answering.call('environment/status')).toEqual({ result: { status: 'ready' } });
    expect(executor.server.connectionCount).toBe(1);
    await answering.close();
  });
});
