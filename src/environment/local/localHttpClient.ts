import type { Dispatcher } from 'undici';
import type { Clock } from '../../base/clock';
import { errnoCodeOf, toError } from '../../base/errors';
import type { Limits } from '../../base/limits';
import type { Disposable } from '../../base/lifecycle';
import { DisposableStore, toDisposable } from '../../base/lifecycle';
import type { Logger } from '../../base/logger';
import { ErrorCode, RpcError, invalidParams } from '../../protocol/errorCodes';
import type { HttpHeader } from '../../protocol/httpMessages';
import type { HttpClient, HttpRequest, HttpResponse } from '../httpClient';
import type { EnvironmentVariables } from './childEnvironment';
import { withoutInternals } from './childEnvironment';
import type { HttpDispatcherLimits, HttpDispatchers } from './httpDispatchers';
import { openHttpDispatchers } from './httpDispatchers';
import { redirectOf } from './httpRedirect';
import type { HttpTarget } from './httpTarget';
import { httpTargetOf } from './httpTarget';

export interface LocalHttpClientOptions {
  readonly limits: HttpDispatcherLimits & Pick<Limits, 'maxHttpRedirects'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The executor's own environment: proxies, and what headers may refer to. */
  readonly baseEnvironment: NodeJS.ProcessEnv;
}

/** The library's names for a request it does not send; everything else is a failure on the way. */
const refusedByLibrary = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

/** HTTP from this machine. Texts of the library can hold addresses and header values, so none is logged. */
export class LocalHttpClient implements HttpClient, Disposable {
  private dispatchers: Promise<HttpDispatchers> | undefined;
  private readonly underWay = new Set<AbortController>();

  constructor(private readonly options: LocalHttpClientOptions) {}

  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const variables = withoutInternals(this.options.baseEnvironment);
    const target = httpTargetOf(request, variables);
    const life = this.limitLife(request.timeoutMs, signal);
    try {
      const dispatchers = await this.open(variables);
      const follow = request.redirectPolicy === 'follow';
      const { response, headers } = await this.follow(dispatchers, target, {
        ...life,
        maxRedirects: follow ? this.options.limits.maxHttpRedirects : undefined,
      });
      return { status: response.statusCode, headers, body: readBody(response.body, life) };
    } catch (error) {
      life.dispose();
      throw error;
    }
  }

  /** Ends every request under way, bodies included; each fails with the reason. */
  interrupt(reason: RpcError): void {
    for (const controller of this.underWay) controller.abort(reason);
  }

  /** Cuts every connection. */
  dispose(): void {
    // It would only wait for sockets to close; a library that did not load has told each caller so.
    this.dispatchers?.then((dispatchers) => dispatchers.destroy()).catch(() => undefined);
  }

  /** Tried again with the next request when it fails: the bundle may be in the middle of an update. */
  private async open(variables: EnvironmentVariables): Promise<HttpDispatchers> {
    this.dispatchers ??= openHttpDispatchers(this.options.limits, variables);
    try {
      return await this.dispatchers;
    } catch (error) {
      this.dispatchers = undefined;
      throw error;
    }
  }

  /** @param options.maxRedirects absent: a redirect is an answer like any other. */
  private async follow(
    dispatchers: HttpDispatchers,
    first: HttpTarget,
    options: { readonly signal: AbortSignal; readonly maxRedirects: number | undefined },
  ): Promise<{ response: Dispatcher.ResponseData; headers: readonly HttpHeader[] }> {
    let target = first;
    for (let redirects = 0; ; redirects += 1) {
      const response = await this.send(dispatchers, target, options.signal);
      // A body given up early reports that as an error, also when nobody has begun to read it.
      response.body.on('error', () => undefined);
      const headers = headersOf(response);
      if (options.maxRedirects === undefined) return { response, headers };
      let next: HttpTarget | undefined;
      try {
        next = redirectOf(target, response.statusCode, headers);
        if (next === undefined) return { response, headers };
        if (redirects >= options.maxRedirects) throw failed('too many redirects');
      } catch (error) {
        response.body.destroy();
        throw error;
      }
      response.body.destroy();
      target = next;
    }
  }

  private async send(
    dispatchers: HttpDispatchers,
    { method, url, headers, body }: HttpTarget,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    const fields = [...headers].map(([name, values]) => [name, values.map(toLatin1)] as const);
    try {
      return await dispatchers.forUrl(url).request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: Object.fromEntries(
          fields.map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
        ),
        body: body ?? null,
        signal,
        responseHeaders: 'raw',
      });
    } catch (error) {
      throwInterruption(signal);
      const code = errnoCodeOf(error) ?? 'unknown';
      if (refusedByLibrary.has(code)) {
        throw invalidParams(`http/request cannot be sent: ${toError(error).message}`);
      }
      this.options.logger.debug('http request failed', { code });
      throw failed(`error sending request for url (${url.href})`);
    }
  }

  /** A signal that also fires when the time is over. To be disposed when the request has ended. */
  private limitLife(timeoutMs: number | undefined, outer: AbortSignal): RequestLife {
    const store = new DisposableStore();
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort();
    };
    this.underWay.add(controller);
    store.add(toDisposable(() => this.underWay.delete(controller)));
    // No time at all is over before anything is sent; a timer would leave it to chance.
    if (outer.aborted || timeoutMs === 0) abort();
    outer.addEventListener('abort', abort);
    store.add(
      toDisposable(() => {
        outer.removeEventListener('abort', abort);
      }),
    );
    if (timeoutMs !== undefined) store.add(this.options.clock.schedule(abort, timeoutMs));
    return {
      signal: controller.signal,
      dispose: () => {
        store.dispose();
      },
    };
  }
}

interface RequestLife extends Disposable {
  readonly signal: AbortSignal;
}

async function* readBody(
  body: Dispatcher.ResponseData['body'],
  life: RequestLife,
): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield chunk as Buffer;
  } catch {
    throwInterruption(life.signal);
    // Cut short, broken framing or out of time: the peer's clients know these by one text.
    throw new RpcError(ErrorCode.internal, 'error decoding response body');
  } finally {
    life.dispose();
  }
}

/** What our own side ended is no failure on the way. */
function throwInterruption({ reason }: AbortSignal): void {
  if (reason instanceof RpcError) throw reason;
}

/** The library was asked for the lines as received. Values beyond ASCII are left out, as the measured peer does. */
function headersOf({ headers }: Dispatcher.ResponseData): readonly HttpHeader[] {
  const lines: unknown = headers;
  if (!Array.isArray(lines)) return [];
  const result: HttpHeader[] = [];
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const value = String(lines[index + 1]).trim();
    if (/^[\t\x20-\x7e]*$/.test(value)) {
      result.push({ name: String(lines[index]).toLowerCase(), value });
    }
  }
  return result;
}

/** Header values go out as UTF-8; the library writes one byte for each character. */
function toLatin1(value: string): string {
  return Buffer.from(value).toString('latin1');
}

const failed = (reason: string): RpcError =>
  new RpcError(ErrorCode.internal, `http/request failed: ${reason}`);
