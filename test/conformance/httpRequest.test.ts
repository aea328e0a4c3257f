import { expect } from 'vitest';
import { base64, refused } from './harness/agent';
import type { OpenAgent } from './harness/conformance';
import { conformance } from './harness/conformance';
import { wording } from './harness/difference';
import { startWebServer } from './harness/webServer';
import type { HttpResult } from './harness/webServer';

interface Echo {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Headers that say nothing of the request. */
const ofConnection = ['host', 'connection'];

async function echoOf(agent: OpenAgent, params: object): Promise<Echo> {
  const { bodyBase64 } = await agent.result<HttpResult>('http/request', params);
  const echo = JSON.parse(Buffer.from(bodyBase64, 'base64').toString()) as Echo;
  const headers = Object.entries(echo.headers).filter(([name]) => !ofConnection.includes(name));
  return { ...echo, headers: Object.fromEntries(headers) };
}

conformance(
  'http/request',
  (scenario) => {
    scenario('sends what it is given and one header of its own', async (stage) => {
      const agent = await stage.open();
      const origin = await startWebServer();
      const sent = await echoOf(agent, {
        requestId: 'r1',
        method: 'POST',
        url: `${origin}/x?y=1`,
        headers: [
          { name: 'X-Test', value: '1' },
          { name: 'X-Test', value: '2' },
        ],
        bodyBase64: base64('hello'),
      });
      agent.sees(sent, {
        method: 'POST',
        url: '/x?y=1',
        headers: { 'x-test': '1, 2', accept: '*/*', 'content-length': '5' },
        body: 'hello',
      });
    });

    scenario('gives back status, headers and body, whatever the status', async (stage) => {
      const agent = await stage.open();
      const origin = await startWebServer();
      const get = (path: string) => ({ requestId: path, method: 'GET', url: origin + path });
      const { status, headers } = await agent.result<HttpResult>('http/request', get('/x'));
      agent.sees(
        [status, headers.filter(({ name }) => name === 'x-multi')],
        [
          200,
          [
            { name: 'x-multi', value: 'a' },
            { name: 'x-multi', value: 'b' },
          ],
        ],
      );
      const failed = await agent.result<HttpResult>('http/request', get('/500'));
      agent.sees([failed.status, failed.bodyBase64], [500, base64('err')]);
    });

    scenario('follows redirects, as often as is sensible', async (stage) => {
      const agent = await stage.open();
      const origin = await startWebServer();
      const landed: unknown[] = [];
      for (const status of [301, 302, 303, 307, 308]) {
        const { method, url, body } = await echoOf(agent, {
          requestId: String(status),
          method: 'POST',
          url: `${origin}/redirect/${status}`,
          bodyBase64: base64('hello'),
        });
        landed.push([status, method, url, body]);
      }
      agent.sees(landed, [
        [301, 'GET', '/landed', ''],
        [302, 'GET', '/landed', ''],
        [303, 'GET', '/landed', ''],
        [307, 'POST', '/landed', 'hello'],
        [308, 'POST', '/landed', 'hello'],
      ]);
      await agent.refuses(
        'http/request',
        { requestId: 'round', method: 'GET', url: `${origin}/round` },
        -32603,
      );
    });

    scenario('stops at a redirect when told so', async (stage) => {
      const agent = await stage.open();
      const origin = await startWebServer();
      const { status, headers, bodyBase64 } = await agent.result<HttpResult>('http/request', {
        requestId: 'r',
        method: 'GET',
        url: `${origin}/redirect/302`,
        redirectPolicy: 'stop',
      });
      agent.sees(
        [status, headers.find(({ name }) => name === 'location')?.value, bodyBase64],
        [302, '/landed', base64('moved')],
      );
    });

    scenario('what cannot be asked', async (stage) => {
      const agent = await stage.open();
      const bad = (more: object, text: unknown) =>
        [
          'http/request',
          { requestId: 'r', method: 'GET', url: 'http://127.0.0.1:1/', ...more },
          refused(-32602, text),
        ] as const;
      await agent.talks([
        bad({ url: 'ftp://x/y' }, 'http/request only supports http and https URLs, got ftp'),
        bad({ url: 'not a url' }, 'http/request url is invalid: relative URL without a base'),
        bad({ method: 'B AD' }, 'http/request method is invalid: invalid HTTP method'),
        bad(
          { headers: [{ name: 'bad name', value: 'x' }] },
          'http/request header name is invalid: invalid HTTP header name',
        ),
        bad({ headers: [{ name: 'X-Env' }] }, 'missing field `value`'),
        ['http/request', { method: 'GET' }, refused(-32602, 'missing field `url`')],
        [
          'http/request',
          { method: 'GET', url: 'http://127.0.0.1:1/' },
          refused(-32602, 'missing field `requestId`'),
        ],
      ]);
    });

    scenario('a server that is not there, or takes too long', async (stage) => {
      const agent = await stage.open();
      const origin = await startWebServer();
      const failed = (url: string) =>
        refused(-32603, `http/request failed: error sending request for url (${url})`);
      await agent.talks([
        [
          'http/request',
          { requestId: 'r', method: 'GET', url: 'http://127.0.0.1:1/' },
          failed('http://127.0.0.1:1/'),
        ],
        [
          'http/request',
          { requestId: 'r', method: 'GET', url: `${origin}/never`, timeoutMs: 50 },
          refused(
            -32603,
            wording(
              `http/request failed: error sending request for url (${origin}/never)`,
              // The time may be over before the peer has begun to send.
              expect.stringMatching(
                /^http\/request failed: (error sending request for url \(http:.*\)|route-aware request timed out)$/,
              ),
            ),
          ),
        ],
      ]);
    });

    scenario('a header may end with a variable of the server', async (stage) => {
      const agent = await stage.open();
      const origin = await startWebServer();
      const withHeader = (valueEnvVar: string) => ({
        requestId: 'r',
        method: 'GET',
        url: `${origin}/x`,
        headers: [{ name: 'X-Env', value: 'Bearer ', valueEnvVar }],
      });
      agent.sees((await echoOf(agent, withHeader('CONFORMANCE_HEADER'))).headers, {
        accept: '*/*',
        'x-env': 'Bearer from the server',
      });
      await agent.asks(
        'http/request',
        withHeader('CONFORMANCE_UNSET'),
        refused(
          -32602,
          'http/request header X-Env requires executor environment variable CONFORMANCE_UNSET',
        ),
      );
    });
  },
  { env: { CONFORMANCE_HEADER: 'from the server' } },
);
