import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/base/clock';
import { defaultLimits } from '../../../../src/base/limits';
import { createLogger } from '../../../../src/base/logger';
import type { HttpRequest } from '../../../../src/environment/httpClient';
import { LocalHttpClient } from '../../../../src/environment/local/localHttpClient';
import { HttpPeer } from '../../../support/httpPeer';
import { failOnLeaks } from '../../../support/wireLeaks';

failOnLeaks();

function clientWith(baseEnvironment: Readonly<Record<string, string>> = {}) {
  const log: string[] = [];
  const client = new LocalHttpClient({
    limits: defaultLimits,
    clock: systemClock,
    logger: createLogger((_level, line) => log.push(line)),
    baseEnvironment,
  });
  onTestFinished(() => {
    client.dispose();
  });
  const get = async (url: string, changes: Partial<HttpRequest> = {}) => {
    const controller = new AbortController();
    const request: HttpRequest = {
      method: 'GET',
      url,
      headers: [],
      body: undefined,
      redirectPolicy: 'follow',
      timeoutMs: undefined,
      ...changes,
    };
    const response = await client.request(request, controller.signal);
    const chunks: Buffer[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  };
  return { client, get, log };
}

/** A proxy that notes which hosts it is asked to connect to, and connects to none. */
async function connectProxy(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (data: Buffer) => {
      asked.push(data.toString().split('\r\n', 1).join(''));
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

describe('a proxy', () => {
  const said = (text: string) =>
    HttpPeer.start((_request, response) => {
      response.end(text);
    });

  it.each(['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'])(
    'named by %s is asked for http addresses, as they are',
    async (name) => {
      const proxy = await said('proxied');
      const { get } = clientWith({ [name]: proxy.url.replace('://', '://us:pw@') });
      const headers = [
        { name: 'x-twice', value: '1' },
        { name: 'x-twice', value: '2' },
      ];
      const body = await get('http://example.invalid/a?b', { headers });
      expect([body, proxy.received[0]?.line]).toEqual([
        'proxied',
        'GET http://example.invalid/a?b',
      ]);
      expect(proxy.lastHeader('host')).toEqual(['example.invalid']);
      expect(proxy.lastHeader('x-twice')).toEqual(['1', '2']);
      expect(proxy.lastHeader('proxy-authorization')).toEqual([
        `Basic ${Buffer.from('us:pw').toString('base64')}`,
      ]);
    },
  );

  it('is not asked for what no_proxy names', async () => {
    const [proxy, direct] = [await said('proxied'), await said('direct')];
    const { get } = clientWith({ http_proxy: proxy.url, NO_PROXY: 'x.test,127.0.0.1' });
    expect(await get(direct.url)).toBe('direct');
    expect(await get('http://example.invalid/')).toBe('proxied');
  });

  it('for https is asked for a tunnel, and the one for http is not', async () => {
    const [http, https] = [await connectProxy(), await connectProxy()];
    const { get } = clientWith({ http_proxy: http.url, https_proxy: https.url });
    const without = clientWith({ http_proxy: http.url });
    const failure = 'http/request failed: error sending request for url (https://a.invalid/)';
    await expect(get('https://a.invalid/')).rejects.toMatchObject({
      code: -32603,
      message: failure,
    });
    // Nobody listens there, and no name has to be looked up.
    await expect(without.get('https://127.0.0.1:1/')).rejects.toThrow(
      'http/request failed: error sending request for url (https://127.0.0.1:1/)',
    );
    expect([http.asked, https.asked]).toEqual([[], ['CONNECT a.invalid:443 HTTP/1.1']]);
  });
});

describe('a failed request', () => {
  it('is logged by its reason only', async () => {
    const { get, log } = clientWith();
    await expect(get('http://127.0.0.1:1/S3CRET')).rejects.toThrow();
    expect(log).toEqual(['http request failed code=ECONNREFUSED']);
  });

  it('is refused with what is wrong when it contradicts itself', async () => {
    const peer = await HttpPeer.start((_request, response) => {
      response.end();
    });
    const headers = [{ name: 'content-length', value: '5' }];
    const call = clientWith().get(peer.url, { method: 'POST', headers, body: Buffer.from('12') });
    await expect(call).rejects.toMatchObject({
      code: -32602,
      message: expect.stringMatching(/^http\/request cannot be sent: .*content-length/),
    });
  });

  it('is refused when its header asks for a variable of the executor itself', async () => {
    const { get } = clientWith({ EXEC_SERVER_TOKEN: 'S3CRET' });
    const headers = [{ name: 'x-a', value: '', valueEnvVar: 'EXEC_SERVER_TOKEN' }];
    await expect(get('http://127.0.0.1:1/', { headers })).rejects.toMatchObject({
      code: -32602,
      message: 'http/request header x-a requires executor environment variable EXEC_SERVER_TOKEN',
    });
  });
});
