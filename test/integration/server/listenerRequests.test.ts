import { describe, expect, it } from 'vitest';
import { sessionCount, startServer as start } from '../../support/execServerHarness';
import type { HeaderLines } from '../../support/wireHttp';
import {
  exchange,
  host,
  parseResponse,
  refusal,
  request,
  requestText,
  upgradeHeaders,
  upgradeStatus,
} from '../../support/wireHttp';
import { failOnLeaks, until } from '../../support/wireLeaks';

failOnLeaks();

describe('plain requests', () => {
  it('are answered by method and path alike, without a body or a name of the server', async () => {
    const { port } = await start();
    const methods = [
      'GET',
      'HEAD',
      'POST',
      'PUT',
      'DELETE',
      'OPTIONS',
      'PATCH',
      'TRACE',
      'PROPFIND',
    ];
    const answers: Record<string, unknown> = {};
    const expected: Record<string, unknown> = {};
    for (const method of methods) {
      for (const path of [
        '/',
        '/?q=1',
        '/readyz',
        '/readyz?x',
        '/healthz',
        '/control',
        '/readyz/',
        '//',
        '*',
      ]) {
        answers[`${method} ${path}`] = await request(port, `${method} ${path} HTTP/1.1`);
        const isReady = path.startsWith('/readyz') && !path.endsWith('/');
        const isDoor = path === '/' || path === '/?q=1';
        if (isReady) {
          expected[`${method} ${path}`] =
            method === 'GET' || method === 'HEAD'
              ? refusal(200)
              : refusal(405, { allow: 'GET,HEAD' });
        } else if (isDoor) {
          expected[`${method} ${path}`] =
            method === 'GET' ? refusal(400) : refusal(405, { allow: 'GET' });
        } else {
          expected[`${method} ${path}`] = refusal(404);
        }
      }
    }
    expect(answers).toEqual(expected);
  });

  it.each([
    [
      'an HTTP/1.0 request with a Host',
      'GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n',
      refusal(200),
    ],
    ['an HTTP/1.0 request without one', 'GET /readyz HTTP/1.0\r\n\r\n', refusal(403)],
    ['an HTTP/1.1 request without one', 'GET /readyz HTTP/1.1\r\n\r\n', refusal(403)],
    [
      'an absolute target',
      'GET http://127.0.0.1/readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n',
      refusal(404),
    ],
    [
      'a request that expects to be asked for its body',
      'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n',
      refusal(405, { allow: 'GET' }),
    ],
    [
      'another expectation, with an Origin',
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: null\r\nExpect: x\r\n\r\n',
      refusal(403),
    ],
    ['what is no HTTP', 'hello\r\n\r\n', refusal(400)],
    [
      'a body that is not wanted',
      'POST /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello',
      refusal(405, { allow: 'GET,HEAD' }),
    ],
    [
      'two lengths of one body',
      'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      refusal(400),
    ],
  ])('%s', async (_name, text, expected) => {
    const { port } = await start();
    expect(parseResponse(await exchange(port, text))).toEqual(expected);
  });

  it('end their connection, so that a second request on it is not answered', async () => {
    const { port } = await start();
    const one = requestText('GET /readyz HTTP/1.1', host);
    const text = await exchange(port, one + one + one);
    expect(text.match(/HTTP\/1\.1/g)).toEqual(['HTTP/1.1']);
  });

  it('followed by an upgrade on the same connection leave nothing behind', async () => {
    const { port, executor, token } = await start();
    const plain = requestText('GET /readyz HTTP/1.1', host);
    const upgrade = requestText(`GET /?token=${token} HTTP/1.1`, upgradeHeaders());
    const text = await exchange(port, plain + upgrade);
    await until(() => executor.server.connectionCount === 0, 'the connection is gone');
    expect(parseResponse(text).status).toBe(200);
  });

  it('are cut when they say CONNECT', async () => {
    const { port } = await start();
    expect(await exchange(port, requestText('CONNECT 127.0.0.1:1 HTTP/1.1', host))).toBe('');
  });
});

describe('Origin', () => {
  const origins = [
    '',
    'null',
    'http://evil.example',
    'https://127.0.0.1',
    'file://',
    'vscode-webview://x',
  ];

  it.each(origins)('%j is refused on every path, with the right token too', async (origin) => {
    const server = await start();
    const { port, token } = server;
    const answers: Record<string, unknown> = {};
    for (const path of ['/', '/readyz', '/control', '/nope', `/?token=${token}`]) {
      const withOrigin: HeaderLines = [
        ['Origin', origin],
        ['Authorization', `Bearer ${token}`],
      ];
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
        answers[`${method} ${path}`] = await request(port, `${method} ${path} HTTP/1.1`, [
          ...host,
          ...withOrigin,
        ]);
      }
      answers[`upgrade ${path}`] = await request(
        port,
        `GET ${path} HTTP/1.1`,
        upgradeHeaders(withOrigin),
      );
    }
    expect(new Set(Object.values(answers).map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify(refusal(403))]),
    );
    expect(sessionCount(server)).toBe(0);
  });

  it('is seen in any case, and behind more headers than Node counts', async () => {
    const { port, token } = await start();
    const many: HeaderLines = Array.from({ length: 2100 }, () => ['a', ''] as const);
    expect([
      await upgradeStatus(port, `/?token=${token}`, upgradeHeaders([['oRIGIN', 'x']])),
      await upgradeStatus(port, `/?token=${token}`, [
        ...many,
        ...upgradeHeaders([['Origin', 'x']]),
      ]),
      await upgradeStatus(port, `/?token=${token}`, [...many, ...upgradeHeaders()]),
    ]).toEqual([403, 403, 101]);
  });
});

describe('Host', () => {
  it.each<[name: string, hosts: HeaderLines, status: number]>([
    ['a loopback address', [['Host', '127.0.0.1:80']], 101],
    ['localhost in capitals', [['HOST', 'LOCALHOST']], 101],
    ['a host the user allowed', [['Host', 'Box.Example:99']], 101],
    ['another name', [['Host', 'evil.example']], 403],
    ['no value', [['Host', '']], 403],
    ['no header', [], 403],
    [
      'two good lines',
      [
        ['Host', '127.0.0.1'],
        ['Host', '127.0.0.1'],
      ],
      403,
    ],
    [
      'a good and a bad line',
      [
        ['Host', '127.0.0.1'],
        ['Host', 'evil.example'],
      ],
      403,
    ],
    [
      'a bad line and a forwarded good one',
      [
        ['Host', 'evil.example'],
        ['X-Forwarded-Host', 'localhost'],
      ],
      403,
    ],
  ])('%s', async (_name, hosts, status) => {
    const { port, token } = await start({ settings: { allowedHosts: ['box.example'] } });
    const rest = upgradeHeaders().filter(([name]) => name !== 'Host');
    expect({
      upgrade: await upgradeStatus(port, `/?token=${token}`, [...hosts, ...rest]),
      ready: (await request(port, 'GET /readyz HTTP/1.1', hosts)).status,
      unknown: (await request(port, 'POST /nope HTTP/1.1', hosts)).status,
    }).toEqual(
      status === 101
        ? { upgrade: 101, ready: 200, unknown: 404 }
        : { upgrade: 403, ready: 403, unknown: 403 },
    );
  });
});
