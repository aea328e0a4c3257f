import { RawConnection, parseResponse, requestText, upgradeHeaders } from '../../support/wireHttp';
import type { HeaderLines, RawResponse } from '../../support/wireHttp';

/**
 * Sends one request and reads one response, as long as it says it is: a server may keep the connection.
 * Of an accepted upgrade only the head is read, for what follows are frames.
 */
export async function exchange(port: number, text: string): Promise<RawResponse> {
  const connection = await RawConnection.open(port);
  connection.send(text);
  await new Promise<void>((resolve) => {
    connection.socket.on('data', () => {
      if (isComplete(connection.text)) resolve();
    });
    void connection.ended.then(() => {
      resolve();
    });
  });
  connection.socket.destroy();
  const response = parseResponse(connection.text);
  return response.status === 101 ? { ...response, body: '' } : response;
}

/** A plain request. */
export function ask(
  port: number,
  requestLine: string,
  more: HeaderLines = [],
): Promise<RawResponse> {
  return exchange(port, requestText(`${requestLine} HTTP/1.1`, [['Host', '127.0.0.1'], ...more]));
}

/** A request for an upgrade, with the headers of one unless told otherwise. */
export function knock(
  port: number,
  path = '/',
  headers: HeaderLines = upgradeHeaders(),
): Promise<RawResponse> {
  return exchange(port, requestText(`GET ${path} HTTP/1.1`, headers));
}

function isComplete(text: string): boolean {
  if (!text.includes('\r\n\r\n')) return false;
  const { status, headers, body } = parseResponse(text);
  return status === 101 || body.length >= Number(headers['content-length'] ?? 0);
}
