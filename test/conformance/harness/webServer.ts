import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What `http/request` answers. */
export interface HttpResult {
  readonly status: number;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly bodyBase64: string;
}

/** A web server that answers with what it was asked, and has places that behave badly. */
export async function startWebServer(): Promise<string> {
  const server = createServer((request, response) => {
    response.sendDate = false;
    response.setHeader('connection', 'close');
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { url = '' } = request;
      if (url.startsWith('/redirect/')) {
        response.writeHead(Number(url.split('/')[2]), { location: '/landed' }).end('moved');
      } else if (url === '/round') {
        response.writeHead(302, { location: '/round' }).end();
      } else if (url === '/never') {
        // The client gives up or the test ends.
      } else if (url === '/held') {
        response.write('held');
      } else if (url === '/cut') {
        response.writeHead(200, { 'content-length': 100 });
        response.write('partial', () => response.destroy());
      } else if (url === '/500') {
        response.writeHead(500).end('err');
      } else if (url === '/pieces') {
        response.write('one ');
        response.write('two ');
        response.end('three');
      } else {
        const { method, headers } = request;
        response.setHeader('X-Multi', ['a', 'b']);
        response.end(
          JSON.stringify({ method, url, headers, body: Buffer.concat(parts).toString() }),
        );
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
