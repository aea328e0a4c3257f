import type { Limits } from '../../base/limits';
import { invalidParams } from '../../protocol/errorCodes';
import type { HttpClient, HttpRequest, HttpResponse } from '../httpClient';
import { toRemoteFailure } from './remoteErrors';
import type { RemoteLink } from './remoteLink';

export interface RemoteHttpClientOptions {
  /** The user's name for the remote. */
  readonly remote: string;
  /** A connection for bodies alone: while somebody is slow to take one, nothing is read from it. */
  readonly link: RemoteLink;
  readonly limits: Pick<Limits, 'maxRemoteMessageContentBytes'>;
}

/** HTTP from where the remote is. */
export class RemoteHttpClient implements HttpClient {
  constructor(private readonly options: RemoteHttpClientOptions) {}

  async request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { remote, link, limits } = this.options;
    const { method, url, headers, body, redirectPolicy, timeoutMs } = request;
    const limit = limits.maxRemoteMessageContentBytes;
    if (body !== undefined && body.length > limit) {
      throw invalidParams(`http/request takes a body of at most ${limit} bytes at a remote`);
    }
    const response = await link.use(({ client }) =>
      client.httpRequest(
        {
          method,
          url,
          headers: [...headers],
          bodyBase64: body?.toString('base64'),
          redirectPolicy,
          timeoutMs,
        },
        signal,
      ),
    );
    return { ...response, body: namingFailures(response.body, remote) };
  }
}

async function* namingFailures(
  body: AsyncIterable<Buffer>,
  remote: string,
): AsyncGenerator<Buffer> {
  try {
    yield* body;
  } catch (error) {
    throw toRemoteFailure(remote, error);
  }
}
