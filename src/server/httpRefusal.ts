import type { Duplex } from 'node:stream';
import { errnoCodeOf } from '../base/errors';

/** What Node reports about a request it could not read. */
const statusOfParserError: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

const reasonPhrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** The answer to a request that could not be read. */
export function statusOfUnreadable(error: Error): number {
  return statusOfParserError[errnoCodeOf(error) ?? ''] ?? 400;
}

/**
 * Answers on a socket that Node has already handed over, and ends it.
 *
 * @param reason what the sender is told; plain ASCII.
 */
export function refuse(socket: Duplex, status: number, reason = ''): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.on('error', () => undefined);
  const head = [
    `HTTP/1.1 ${status} ${reasonPhrases[status] ?? ''}`,
    'Connection: close',
    ...(reason === '' ? [] : ['Content-Type: text/plain; charset=utf-8']),
    `Content-Length: ${reason.length}`,
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${reason}`, () => {
    socket.destroy();
  });
}
