import type { HttpHeader, HttpRequestHeader, RedirectPolicy } from '../protocol/httpMessages';

/** A request as the caller wrote it; whoever sends it checks it. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly HttpRequestHeader[];
  readonly body: Buffer | undefined;
  readonly redirectPolicy: RedirectPolicy;
  /** For the whole of it, to the last byte of the body. */
  readonly timeoutMs: number | undefined;
}

/** Any status is an answer. */
export interface HttpResponse {
  readonly status: number;
  /** In the order received, repeated ones included; names in lower case. */
  readonly headers: readonly HttpHeader[];
  /**
   * The body as it is on the wire, not decompressed. To be taken to its end or let go by aborting the
   * request; whoever does not ask for the next piece holds the sender back.
   */
  readonly body: AsyncIterable<Buffer>;
}

/** Sends HTTP requests from where the environment is. */
export interface HttpClient {
  /**
   * Resolves when the headers are there. Aborting the signal ends the request, its body included.
   *
   * @throws RpcError −32602 when the request itself cannot be sent, −32603 when nothing answers it.
   */
  request(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
}
