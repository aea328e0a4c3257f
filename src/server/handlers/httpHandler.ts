import type { Environment } from '../../environment/environment';
import type { HttpRequest } from '../../environment/httpClient';
import { decodeBase64 } from '../../protocol/base64';
import { describeBase64Fault } from '../../protocol/base64Fault';
import { invalidParams } from '../../protocol/errorCodes';
import type { HttpRequestParams } from '../../protocol/httpMessages';
import type { HandlersOf, requests } from '../../protocol/methods';
import type { CallContext } from '../callContext';
import type { StartHttpRequest } from '../httpCalls';

/** Adapts `http/request` to the connection and the environment that is current when the call arrives. */
export function httpHandlers(
  environment: () => Environment,
): Pick<HandlersOf<typeof requests, CallContext>, 'http/request'> {
  return {
    async 'http/request'(params, { httpCalls }) {
      const start: StartHttpRequest = (signal) =>
        environment().http.request(requestOf(params), signal);
      if (params.streamResponse === true) {
        const { status, headers } = await httpCalls.streamed(params.requestId, start);
        return { status, headers: [...headers], bodyBase64: '' };
      }
      const { response, body } = await httpCalls.whole(start);
      const { status, headers } = response;
      return { status, headers: [...headers], bodyBase64: body.toString('base64') };
    },
  };
}

function requestOf(params: HttpRequestParams): HttpRequest {
  return {
    method: params.method,
    url: params.url,
    headers: params.headers ?? [],
    body: params.bodyBase64 == null ? undefined : contentOf(params.bodyBase64),
    redirectPolicy: params.redirectPolicy ?? 'follow',
    timeoutMs: params.timeoutMs ?? undefined,
  };
}

function contentOf(bodyBase64: string): Buffer {
  const bytes = decodeBase64(bodyBase64);
  if (bytes === undefined) throw invalidParams(describeBase64Fault(bodyBase64));
  return bytes;
}
