import { ErrorCode, RpcError } from '../../protocol/errorCodes';
import type { HttpHeader } from '../../protocol/httpMessages';
import type { HttpTarget } from './httpTarget';
import { isHttp } from './httpTarget';

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** Meant for the origin they were given for, and for no other. */
const originHeaders = [
  'authorization',
  'cookie',
  'cookie2',
  'host',
  'proxy-authorization',
  'www-authenticate',
];

/** They describe a body that is not sent again. */
const bodyHeaders = ['content-encoding', 'content-length', 'content-type', 'transfer-encoding'];

/**
 * The request a response leads to, or `undefined` when it is to be taken as it is: no redirect, or one
 * that does not say where to.
 *
 * @throws RpcError −32603 when it leads out of HTTP.
 */
export function redirectOf(
  target: HttpTarget,
  status: number,
  headers: readonly HttpHeader[],
): HttpTarget | undefined {
  const location = headers.find(({ name }) => name === 'location')?.value;
  if (!redirectStatuses.has(status) || location === undefined) return undefined;
  if (!URL.canParse(location, target.url.href)) return undefined;
  const url = new URL(location, target.url);
  if (!isHttp(url)) {
    const scheme = url.protocol.slice(0, -1);
    throw new RpcError(
      ErrorCode.internal,
      `http/request failed: redirect target uses unsupported URL scheme: ${scheme}`,
    );
  }
  url.username = '';
  url.password = '';
  const sameOrigin = url.origin === target.url.origin;
  const becomesGet = losesBody(status, target.method);
  const next = new Map(target.headers);
  if (!sameOrigin) for (const name of originHeaders) next.delete(name);
  if (becomesGet) for (const name of bodyHeaders) next.delete(name);
  const referer = refererOf(target.url, url);
  if (referer === undefined) next.delete('referer');
  else next.set('referer', [referer]);
  return {
    method: becomesGet ? 'GET' : target.method,
    url,
    headers: next,
    body: becomesGet ? undefined : target.body,
  };
}

function losesBody(status: number, method: string): boolean {
  if (status === 303) return method !== 'HEAD';
  return (status === 301 || status === 302) && method === 'POST';
}

/** Another origin learns only which one it was, and an unprotected one after a protected one nothing. */
function refererOf(from: URL, to: URL): string | undefined {
  if (from.protocol === 'https:' && to.protocol === 'http:') return undefined;
  if (from.origin !== to.origin) return `${from.origin}/`;
  return from.href.slice(0, from.href.length - from.hash.length);
}
