import { createHash } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/base/clock';
import { Deferred } from '../../../src/base/deferred';
import { TokenDigest } from '../../../src/server/accessToken';
import type { DoorLock } from '../../../src/server/doorLock';
import { SignedTokenLock } from '../../../src/server/signedTokenLock';
import { startControlled } from '../../support/controlHarness';
import type { ServerUnderTest } from '../../support/execServerHarness';
import { startServer } from '../../support/execServerHarness';
import { WireClient } from '../../support/wireClient';
import type { HeaderLines, RawResponse } from '../../support/wireHttp';
import { RawConnection, request, requestText, upgradeHeaders } from '../../support/wireHttp';
import { failOnLeaks, until } from '../../support/wireLeaks';

failOnLeaks();

const secret = Buffer.from('correct-horse-battery-staple-0123');

const signedTokens = (): DoorLock =>
  new SignedTokenLock({
    secret,
    issuer: 'I',
    audience: undefined,
    maxClockSkewSeconds: 30,
    clock: systemClock,
  });

function sign(
  { issuer = 'I', expiresIn = 60 }: { issuer?: string; expiresIn?: number } = {},
  key = secret,
): Promise<string> {
  return new SignJWT({ iss: issuer, exp: Math.floor(Date.now() / 1000) + expiresIn })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(key);
}

const bearer = (token: string): HeaderLines => [['Authorization', `Bearer ${token}`]];

function refused({ port }: ServerUnderTest, headers: HeaderLines): Promise<RawResponse> {
  return request(port, 'GET / HTTP/1.1', upgradeHeaders(headers));
}

/** The whole of an answer to a wrong token, so that nothing else can be in it. */
const answer = (body: string): RawResponse => ({
  status: 401,
  headers: {
    connection: 'close',
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(body.length),
  },
  body,
});

describe('a signed token', () => {
  it.each<[name: string, in_: (url: string, token: string) => Promise<WireClient>]>([
    [
      'in the header',
      (url, token) => WireClient.connect(url, { headers: { authorization: `Bearer ${token}` } }),
    ],
    ['in the query', (url, token) => WireClient.connect(`${url}?token=${token}`)],
  ])('opens %s', async (_name, connect) => {
    const { executor } = await startServer({ lock: signedTokens() });
    const client = await connect(executor.server.url, await sign());
    await client.initialize();
    await client.close();
    expect(executor.server.token).toBeUndefined();
  });

  it('is refused with the reason, and the log has the reason and never the token', async () => {
    const server = await startServer({ lock: signedTokens() });
    const tokens = [
      await sign({ expiresIn: -60 }),
      await sign({ issuer: 'J' }),
      await sign({}, Buffer.alloc(32)),
    ];
    const answers = [
      ...(await Promise.all(tokens.map((token) => refused(server, bearer(token))))),
      await refused(server, []),
      await refused(server, [['Authorization', 'Basic abc']]),
      await refused(server, [['Authorization', 'Bearer ']]),
    ];
    const logged = server.log.map(({ line }) => line).join('\n');
    expect(answers).toEqual([
      answer('expired websocket jwt'),
      answer('websocket jwt issuer mismatch'),
      answer('invalid websocket jwt'),
      answer('missing websocket bearer token'),
      answer('invalid authorization header'),
      answer('invalid authorization header'),
    ]);
    expect({
      reason: logged.includes('reason="expired websocket jwt"'),
      tokens: tokens.filter((token) => logged.includes(token)),
    }).toEqual({ reason: true, tokens: [] });
  });

  it('counts as wrong like any other when it is', async () => {
    const server = await startServer({
      lock: signedTokens(),
      limits: { maxAuthFailuresPerMinute: 1 },
    });
    const wrong = bearer(await sign({ expiresIn: -60 }));
    const first = await refused(server, wrong);
    const second = await refused(server, wrong);
    expect([first.status, second.status]).toEqual([401, 429]);
  });
});

describe('a token known by its digest', () => {
  it('opens, and another is refused', async () => {
    const lock = new TokenDigest(createHash('sha256').update('secret-word').digest());
    const server = await startServer({ lock });
    const client = await WireClient.open(`${server.executor.server.url}?token=secret-word`);
    await client.close();
    expect(await refused(server, bearer('secret-wore'))).toEqual(
      answer('invalid websocket bearer token'),
    );
  });
});

describe('the owner’s door', () => {
  it('tells nobody what is wrong with a token', async () => {
    const { port } = await startControlled();
    const ask = (headers: HeaderLines): Promise<RawResponse> =>
      request(port, 'GET /control HTTP/1.1', upgradeHeaders(headers));
    const silent = {
      status: 401,
      headers: { connection: 'close', 'content-length': '0' },
      body: '',
    };
    expect([await ask([]), await ask(bearer('wrong'))]).toEqual([silent, silent]);
  });
});

describe('a lock that takes its time', () => {
  /** A server whose lock answers when told to. */
  async function startSlow(): Promise<{
    server: ServerUnderTest;
    verdict: Deferred<string | undefined>;
    asked: () => number;
  }> {
    const verdict = new Deferred<string | undefined>();
    let count = 0;
    const lock: DoorLock = {
      refusalOf() {
        count += 1;
        return verdict.promise;
      },
    };
    return {
      server: await startServer({ lock, limits: { maxConnections: 1 } }),
      verdict,
      asked: () => count,
    };
  }

  async function knock({ port }: ServerUnderTest): Promise<RawConnection> {
    const connection = await RawConnection.open(port);
    connection.send(requestText('GET /?token=x HTTP/1.1', upgradeHeaders()));
    return connection;
  }

  it('is not upset by a client that leaves meanwhile, nor by one that says more', async () => {
    const { server, verdict, asked } = await startSlow();
    const leaving = await knock(server);
    const talking = await knock(server);
    await until(() => asked() === 2, 'both are being judged');
    leaving.socket.resetAndDestroy();
    // A masked text frame with the mask 0.
    talking.send('\x81\x8f\0\0\0\0{"id":1,"x":[]}');
    await leaving.ended;
    verdict.resolve(undefined);
    await until(() => talking.text.includes('failed to parse'), 'what was said early is answered');
    talking.socket.destroy();
    expect(server.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('lets in no more at once than are allowed', async () => {
    const { server, verdict, asked } = await startSlow();
    const both = [await knock(server), await knock(server)];
    await until(() => asked() === 2, 'both are being judged');
    verdict.resolve(undefined);
    await until(() => both.every(({ text }) => text.includes('\r\n\r\n')), 'both are answered');
    for (const { socket } of both) socket.destroy();
    expect(both.map(({ text }) => text.slice(9, 12)).sort()).toEqual(['101', '503']);
  });

  it('lets nobody in once the server closes', async () => {
    const { server, verdict, asked } = await startSlow();
    const connection = await knock(server);
    await until(() => asked() === 1, 'it is being judged');
    const closed = server.executor.close();
    verdict.resolve(undefined);
    await closed;
    expect(await connection.ended).not.toContain(' 101 ');
  });

  it('that breaks is the server’s failure and opens nothing', async () => {
    const { server, verdict } = await startSlow();
    verdict.reject(new Error('the lock is broken'));
    expect(await request(server.port, 'GET /?token=x HTTP/1.1', upgradeHeaders())).toEqual({
      status: 500,
      headers: { connection: 'close', 'content-length': '0' },
      body: '',
    });
    expect(server.log.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        line: '[listener] upgrade failed unexpectedly cause="the lock is broken"',
      },
    ]);
  });
});
