import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { connectClient, serversToTry } from '../../support/clientServers';
import { HttpPeer } from '../../support/httpPeer';

const MIB = 1024 * 1024;

async function read(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe.each(serversToTry)('HTTP through %s', (_name, serve) => {
  it('gives status, headers and the whole body, also to a reader that calls in between', async () => {
    const content = randomBytes(8 * MIB);
    const { url } = await HttpPeer.start((_request, response) => {
      response.writeHead(203, { 'x-kind': 'test' }).end(content);
    });
    const client = await connectClient((await serve()).url, {
      limits: { maxUnreadBytes: 64 * 1024 },
    });
    const { status, headers, body } = await client.httpRequest({ method: 'GET', url });
    const pieces: Buffer[] = [];
    for await (const piece of body) {
      pieces.push(piece);
      if (pieces.length % 16 === 0) await client.request('environment/status', null);
    }
    expect({
      status,
      kind: headers.find(({ name }) => name === 'x-kind')?.value,
      same: Buffer.concat(pieces).equals(content),
    }).toEqual({ status: 203, kind: 'test', same: true });
  });

  it('lets go of a body that is aborted or left, and goes on', async () => {
    const { url } = await HttpPeer.start((request, response) => {
      if (request.url === '/end') response.end('end');
      else response.write('first');
    });
    const client = await connectClient((await serve()).url);
    const left = await client.httpRequest({ method: 'GET', url });
    for await (const piece of left.body) {
      expect(piece.toString()).toBe('first');
      break;
    }
    const controller = new AbortController();
    const aborted = await client.httpRequest({ method: 'GET', url }, controller.signal);
    const reading = read(aborted.body).catch((error: unknown) => error);
    controller.abort(new Error('not needed any more'));
    const end = await client.httpRequest({ method: 'GET', url: `${url}/end` });
    expect({ aborted: await reading, end: (await read(end.body)).toString() }).toMatchObject({
      aborted: { message: 'not needed any more' },
      end: 'end',
    });
  });

  it('tells when a body breaks, and when its client ends', async () => {
    const { url } = await HttpPeer.start((request, response) => {
      response.write('first');
      if (request.url === '/broken') response.destroy();
    });
    const client = await connectClient((await serve()).url);
    const broken = await client
      .httpRequest({ method: 'GET', url: `${url}/broken` })
      .then(({ body }) => read(body))
      .catch((error: unknown) => error);
    const { body } = await client.httpRequest({ method: 'GET', url });
    const cut = read(body).catch((error: unknown) => error);
    await client.close();
    expect({ broken, cut: await cut }).toMatchObject({
      broken: {
        message: expect.stringMatching(/^(Failed to read the body|http\/request failed): /),
      },
      cut: { code: 'connectionClosed', message: 'Failed to read the body: it was closed' },
    });
  });
});
