import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import { toError } from '../base/errors';
import type { HttpResponse } from '../environment/httpClient';
import { ErrorCode, RpcError, invalidParams, limitReached } from '../protocol/errorCodes';
import type { BodyDelta } from '../protocol/httpMessages';
import type { Attachment } from './attachment';

/** Begins a request that ends when the signal fires. */
export type StartHttpRequest = (signal: AbortSignal) => Promise<HttpResponse>;

type HttpCallLimits = Pick<Limits, 'maxHttpRequestsPerConnection' | 'maxHttpBodyBytes'>;

/**
 * The HTTP requests of one connection, which end with it. A client that does not read holds their bodies
 * back, whole ones too: what is answered waits in the send queue like everything else.
 */
export class HttpCalls implements Disposable {
  private readonly underWay = new Set<AbortController>();
  private readonly streamIds = new Set<string>();
  private bufferedBytes = 0;
  private ended = false;

  constructor(
    private readonly attachment: Attachment,
    private readonly limits: HttpCallLimits,
  ) {}

  /** A response with its whole body. */
  async whole(start: StartHttpRequest): Promise<{ response: HttpResponse; body: Buffer }> {
    const call = this.begin();
    const chunks: Buffer[] = [];
    let bytes = 0;
    try {
      const response = await unlessInterrupted(start(call.signal), call.signal);
      const take = (chunk: Buffer): void => {
        bytes += chunk.length;
        this.bufferedBytes += chunk.length;
        this.refuseWhenTooLarge();
        chunks.push(chunk);
      };
      await this.forEachChunk(response, call.signal, take).catch(explainBrokenBody);
      return { response, body: Buffer.concat(chunks, bytes) };
    } finally {
      this.bufferedBytes -= bytes;
      this.finish(call);
    }
  }

  /** A response whose body follows in notifications, the first of them after the answer. */
  async streamed(requestId: string, start: StartHttpRequest): Promise<HttpResponse> {
    if (this.streamIds.has(requestId)) {
      throw invalidParams(
        `http/request streamResponse requestId \`${requestId}\` is already active`,
      );
    }
    const call = this.begin();
    this.streamIds.add(requestId);
    try {
      const response = await unlessInterrupted(start(call.signal), call.signal);
      // The answer leaves in the promise jobs before this.
      setImmediate(() => void this.stream(requestId, response, call));
      return response;
    } catch (error) {
      this.streamIds.delete(requestId);
      this.finish(call);
      throw error;
    }
  }

  /** Ends every request under way, streams with a last notification that says why. */
  interrupt(reason: RpcError): void {
    for (const call of this.underWay) call.abort(reason);
  }

  dispose(): void {
    this.ended = true;
    for (const call of this.underWay) call.abort();
  }

  private begin(): AbortController {
    const { maxHttpRequestsPerConnection: limit } = this.limits;
    if (this.underWay.size >= limit) {
      throw limitReached('HTTP requests may be under way on one connection', limit);
    }
    const call = new AbortController();
    if (this.ended) call.abort();
    this.underWay.add(call);
    return call;
  }

  /** Lets go of what is left of the body. */
  private finish(call: AbortController): void {
    this.underWay.delete(call);
    call.abort();
  }

  private refuseWhenTooLarge(): void {
    const { maxHttpBodyBytes: limit } = this.limits;
    if (this.bufferedBytes <= limit) return;
    throw new RpcError(
      ErrorCode.limitReached,
      `limit reached: HTTP bodies answered whole may take ${limit} bytes; ask for this one with streamResponse`,
    );
  }

  private async stream(
    requestId: string,
    response: HttpResponse,
    call: AbortController,
  ): Promise<void> {
    let seq = 0;
    let error: string | null = null;
    const send = (chunk: Buffer, done: boolean): void => {
      seq += 1;
      this.attachment.notify(encodeBodyDelta({ requestId, seq, done, error }, chunk));
    };
    try {
      await this.forEachChunk(response, call.signal, (chunk) => {
        send(chunk, false);
      });
    } catch (thrown) {
      error = toError(thrown).message;
    }
    // Whoever hears of the end may use the id again.
    this.streamIds.delete(requestId);
    this.finish(call);
    if (!this.ended) send(Buffer.alloc(0), true);
  }

  private forEachChunk(
    { body }: HttpResponse,
    signal: AbortSignal,
    use: (chunk: Buffer) => void,
  ): Promise<void> {
    const takeAll = async (): Promise<void> => {
      for await (const chunk of body) {
        signal.throwIfAborted();
        use(chunk);
        await this.untilRead(signal);
      }
    };
    return unlessInterrupted(takeAll(), signal);
  }

  /** Resolves when the client keeps up, or the request is over. */
  private async untilRead(signal: AbortSignal): Promise<void> {
    if (!this.attachment.isCongested || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        subscription.dispose();
        signal.removeEventListener('abort', goOn);
        resolve();
      };
      const subscription = this.attachment.onDidChangeCongestion((congested) => {
        if (!congested) goOn();
      });
      signal.addEventListener('abort', goOn);
    });
  }
}

/** What the work brings, or why it was interrupted, whatever its doer made of that. */
async function unlessInterrupted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    const result = await work;
    signal.throwIfAborted();
    return result;
  } catch (error) {
    throw signal.reason instanceof RpcError ? signal.reason : error;
  }
}

function explainBrokenBody(error: unknown): never {
  if (!(error instanceof RpcError) || error.code !== ErrorCode.internal) throw error;
  throw new RpcError(error.code, `failed to read http/request response body: ${error.message}`);
}

/** Base64 needs no escaping, so a frame is one concatenation. */
function encodeBodyDelta(delta: Omit<BodyDelta, 'deltaBase64'>, chunk: Buffer): string {
  const { requestId, seq, done, error } = delta;
  const head = `{"method":"http/request/bodyDelta","params":{"requestId":${JSON.stringify(requestId)}`;
  return `${head},"seq":${seq},"deltaBase64":"${chunk.toString('base64')}","done":${done},"error":${JSON.stringify(error)}}}`;
}
