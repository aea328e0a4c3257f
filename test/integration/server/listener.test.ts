import { Socket } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { sessionCount, startServer as start } from '../../support/execServerHarness';
import { WireClient } from '../../support/wireClient';
import type { HeaderLines } from '../../support/wireHttp';
import {
  host,
  parseResponse,
  RawConnection,
  refusal,
  request,
  requestText,
  upgradeHeaders,
  upgradeStatus,
} from '../../support/wireHttp';
import { failOnLeaks, until } from '../../support/wireLeaks';
import { executorSettings } from '../../support/executorSettings';

failOnLeaks();

describe('upgrades', () => {
  it.each<[name: string, line: (token: string) => string, headers: HeaderLines, status: number]>([
    ['on the agents’ path', (token) => `GET /?token=${token} HTTP/1.1`, upgradeHeaders(), 101],
    [
      'on a path nobody knows',
      (token) => `GET /nope?token=${token} HTTP/1.1`,
      upgradeHeaders(),
      404,
    ],
    [
      'on the readiness path',
      (token) => `GET /readyz?token=${token} HTTP/1.1`,
      upgradeHeaders(),
      404,
    ],
    ['with another method', (token) => `POST /?token=${token} HTTP/1.1`, upgradeHeaders(), 405],
    [
      'to another protocol',
      (token) => `GET /?token=${token} HTTP/1.1`,
      upgradeHeaders().map(([name, value]) => (name === 'Upgrade' ? [name, 'h2c'] : [name, value])),
      400,
    ],
    [
      'of a draft version',
      (token) => `GET /?token=${token} HTTP/1.1`,
      upgradeHeaders().map(([name, value]) =>
        name === 'Sec-WebSocket-Version' ? [name, '8'] : [name, value],
      ),
      400,
    ],
    [
      'without a key',
      (token) => `GET /?token=${token} HTTP/1.1`,
      upgradeHeaders().filter(([name]) => name !== 'Sec-WebSocket-Key'),
      400,
    ],
  ])('%s', async (_name, line, headers, status) => {
    const { port, token } = await start();
    if (status === 101) {
      expect(await upgradeStatus(port, `/?token=${token}`, headers)).toBe(101);
    } else {
      expect(await request(port, line(token), headers)).toEqual(refusal(status));
    }
  });

  it('offer neither compression nor a subprotocol, and name no server', async () => {
    const { port, token } = await start();
    const connection = await RawConnection.open(port);
    connection.send(
      requestText(
        `GET /?token=${token} HTTP/1.1`,
        upgradeHeaders([
          ['Sec-WebSocket-Extensions', 'permessage-deflate; client_max_window_bits'],
          ['Sec-WebSocket-Protocol', 'codex'],
        ]),
      ),
    );
    await until(() => connection.text.includes('\r\n\r\n'), 'the upgrade is answered');
    connection.socket.destroy();
    const { status, headers } = parseResponse(connection.text);
    expect({ status, names: Object.keys(headers) }).toEqual({
      status: 101,
      names: ['upgrade', 'connection', 'sec-websocket-accept'],
    });
  });

  it('turn off the delay of small packets', async () => {
    const noDelay: (number | undefined)[] = [];
    const setNoDelay = vi.spyOn(Socket.prototype, 'setNoDelay').mockImplementation(function (
      this: Socket,
    ) {
      noDelay.push(this.localPort);
      return this;
    });
    const { url, port } = await start();
    const client = await WireClient.open(url);
    setNoDelay.mockRestore();
    expect(noDelay).toContain(port);
    await client.close();
  });

  it('beyond the connections allowed are refused until one ends', async () => {
    const { url, port, token, executor } = await start({ limits: { maxConnections: 2 } });
    const clients = [await WireClient.open(url), await WireClient.open(url)];
    const full = await request(port, `GET /?token=${token} HTTP/1.1`, upgradeHeaders());
    clients[0]?.cut();
    await until(() => executor.server.connectionCount === 1, 'one has gone');
    expect({ full, after: await upgradeStatus(port, `/?token=${token}`) }).toEqual({
      full: refusal(503),
      after: 101,
    });
  });
});

describe('the token', () => {
  it.each<
    [
      form: string,
      path: (token: string) => string,
      headers: (token: string) => HeaderLines,
      status: number,
    ]
  >([
    ['in the query', (token) => `/?token=${token}`, () => [], 101],
    ['in the query behind another member', (token) => `/?x=1&token=${token}`, () => [], 101],
    ['as bearer', () => '/', (token) => [['Authorization', `Bearer ${token}`]], 101],
    ['as bearer in capitals', () => '/', (token) => [['AUTHORIZATION', `BEARER ${token}`]], 101],
    ['nowhere', () => '/', () => [], 401],
    ['empty in the query', () => '/?token=', () => [], 401],
    ['wrong', () => '/?token=wrong', () => [], 401],
    ['as a prefix', (token) => `/?token=${token.slice(0, -1)}`, () => [], 401],
    ['with more behind it', (token) => `/?token=${token}x`, () => [], 401],
    ['in another case of the name', (token) => `/?Token=${token}`, () => [], 401],
    ['second of two', (token) => `/?token=wrong&token=${token}`, () => [], 401],
    ['in the fragment', (token) => `/#token=${token}`, () => [], 404],
    ['in the path', (token) => `/${token}`, () => [], 404],
    [
      'as basic password',
      () => '/',
      (token) => [['Authorization', `Basic ${Buffer.from(`x:${token}`).toString('base64')}`]],
      401,
    ],
    ['without a scheme', () => '/', (token) => [['Authorization', token]], 401],
    [
      'behind a wrong bearer',
      (token) => `/?token=${token}`,
      () => [['Authorization', 'Bearer wrong']],
      401,
    ],
    [
      'second of two bearers',
      () => '/',
      (token) => [
        ['Authorization', 'Bearer wrong'],
        ['Authorization', `Bearer ${token}`],
      ],
      401,
    ],
    ['in a header of another name', () => '/', (token) => [['X-Token', token]], 401],
    ['in a cookie', () => '/', (token) => [['Cookie', `token=${token}`]], 401],
    ['as subprotocol', () => '/', (token) => [['Sec-WebSocket-Protocol', token]], 401],
  ])('%s', async (_form, path, headers, status) => {
    const server = await start();
    const { port, token } = server;
    expect(await upgradeStatus(port, path(token), upgradeHeaders(headers(token)))).toBe(status);
    expect(sessionCount(server)).toBe(0);
  });

  it('opens nothing once it was replaced, and the agents it let in are told', async () => {
    const { url, port, token, executor } = await start();
    const client = await WireClient.open(url);
    await executor.server.rotateToken();
    expect({
      closed: await client.closed,
      before: await upgradeStatus(port, `/?token=${token}`),
      after: await upgradeStatus(port, `/?token=${executor.server.token?.reveal() ?? ''}`),
    }).toEqual({
      closed: { code: 1008, reason: 'the token was replaced' },
      before: 401,
      after: 101,
    });
  });

  it('opens nothing when it is replaced while it is judged', async () => {
    let rotate = (): Promise<void> => Promise.resolve();
    const lock = { refusalOf: () => rotate().then(() => undefined) };
    const server = await start({ lock });
    rotate = () => server.executor.server.rotateToken();
    expect(await upgradeStatus(server.port, '/?token=any')).toBe(401);
    expect(sessionCount(server)).toBe(0);
  });

  it('gets in while wrong ones are answered with too many requests', async () => {
    const { port, token, executor } = await start({ limits: { maxAuthFailuresPerMinute: 3 } });
    const bursts: number[] = [];
    executor.server.onDidBurstAuthFailures((count) => bursts.push(count));
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      statuses.push(await upgradeStatus(port, '/?token=wrong'));
    }
    const right = await upgradeStatus(port, `/?token=${token}`);
    expect({ statuses, right, bursts }).toEqual({
      statuses: [401, 401, 401, 429, 429, 429],
      right: 101,
      bursts: [4],
    });
  });
});

describe('sockets that have proved nothing', () => {
  it('are few: the oldest makes room, and the owner still gets in', async () => {
    const { url, port } = await start({ limits: { maxUnauthenticatedSockets: 32 } });
    const connections: RawConnection[] = [];
    for (let count = 0; count < 40; count += 1) connections.push(await RawConnection.open(port));
    await until(
      () => connections.filter(({ hasEnded }) => hasEnded).length === 8,
      'eight are dropped',
    );
    const dropped = connections.map(({ hasEnded }) => hasEnded);
    const client = await WireClient.open(url);
    await client.close();
    expect(dropped).toEqual([...Array<boolean>(8).fill(true), ...Array<boolean>(32).fill(false)]);
  });

  it('do not count once they are let in', async () => {
    const { url, port } = await start({ limits: { maxUnauthenticatedSockets: 1 } });
    const client = await WireClient.open(url);
    const first = await RawConnection.open(port);
    await RawConnection.open(port);
    await first.ended;
    expect(await client.request('environment/status')).toEqual({ status: 'ready' });
    await client.close();
  });

  it('are cut when they send nothing, or never finish their headers', async () => {
    const { port } = await start({ limits: { upgradeTimeoutMs: 200 } });
    const silent = await RawConnection.open(port);
    const slow = await RawConnection.open(port);
    slow.send('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ');
    const answers = await Promise.all([silent.ended, slow.ended]);
    expect(answers.map((text) => parseResponse(text))).toEqual([refusal(408), refusal(408)]);
  });

  it('are refused with headers beyond the limit, in one line or in many', async () => {
    const { port } = await start();
    const many: HeaderLines = Array.from(
      { length: 400 },
      (_, index) => [`X-${index}`, 'y'.repeat(50)] as const,
    );
    expect([
      await request(port, 'GET / HTTP/1.1', [...host, ['X-Large', 'x'.repeat(20_000)]]),
      await request(port, 'GET / HTTP/1.1', [...host, ...many]),
      await request(port, `GET /${'x'.repeat(20_000)} HTTP/1.1`, host),
    ]).toEqual([refusal(431), refusal(431), refusal(431)]);
  });

  it('leave nothing when they are reset right after the upgrade', async () => {
    const { url, port, token, executor } = await start({ limits: { maxConnections: 3 } });
    for (let count = 0; count < 50; count += 1) {
      const connection = await RawConnection.open(port);
      connection.send(requestText(`GET /?token=${token} HTTP/1.1`, upgradeHeaders()));
      connection.socket.resetAndDestroy();
    }
    await until(() => executor.server.connectionCount === 0, 'the counter is back at zero');
    const client = await WireClient.open(url);
    await client.close();
  });
});

describe('the listener', () => {
  it('says why it cannot listen', async () => {
    const { port, executor } = await start();
    const { Executor } = await import('../../../src/executor/executor');
    const { defaultLimits } = await import('../../../src/base/limits');
    const { nullLogger } = await import('../../../src/base/logger');
    const second = await Executor.create({
      lock: executor.server.token,
      environment: { mode: 'disabled' },
      limits: defaultLimits,
      logger: nullLogger,
      settings: executorSettings([]),
    });
    await expect(second.listen({ host: '127.0.0.1', port })).rejects.toMatchObject({
      code: 'listenFailed',
      message: `Failed to listen on 127.0.0.1:${port}: the port is in use`,
    });
    await second.close();
  });

  it('tells its clients when it shuts down, takes no one meanwhile, and closes once for all who ask', async () => {
    const { url, port, executor } = await start();
    const client = await WireClient.open(url);
    const closings = [executor.close(), executor.close()];
    const closed = await client.closed;
    await Promise.all(closings);
    await expect(RawConnection.open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(closed).toEqual({ code: 1001, reason: 'exec-server is shutting down' });
  });

  it('shuts down although a client does not answer the close frame', async () => {
    const { port, token, executor } = await start({ limits: { closeHandshakeMs: 100 } });
    const connection = await RawConnection.open(port);
    connection.send(requestText(`GET /?token=${token} HTTP/1.1`, upgradeHeaders()));
    await until(() => executor.server.connectionCount === 1, 'the connection is there');
    connection.socket.pause();
    await executor.close();
    expect(executor.server.connectionCount).toBe(0);
  });
});
