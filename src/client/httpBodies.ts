import { ExecServerError } from '../base/errors';
import type { Limits } from '../base/limits';
import { decodeBase64 } from '../protocol/base64';
import type { BodyDelta } from '../protocol/httpMessages';
import type { CallQueue } from './callQueue';
import type { CallParams, ClientHttpResponse } from './execServerClient';
import type { ReceivingPauses } from './receivingPauses';
import { UnreadQueue } from './unreadQueue';

interface Body {
  readonly queue: UnreadQueue<Buffer>;
  lastSeq: number;
}

type RequestParams = Omit<CallParams<'http/request'>, 'requestId' | 'streamResponse'>;

/** HTTP requests sent from where the server is, and the bodies of their responses on their way here. */
export class HttpBodies {
  private readonly bodies = new Map<string, Body>();
  private requests = 0;

  constructor(
    private readonly calls: CallQueue,
    private readonly pauses: ReceivingPauses,
    private readonly limits: Pick<
      Limits,
      'maxUnreadBytes' | 'maxUnreadBytesDuringCalls' | 'maxErrorMessageChars'
    >,
  ) {}

  async request(params: RequestParams, signal?: AbortSignal): Promise<ClientHttpResponse> {
    signal?.throwIfAborted();
    const requestId = `http-${(this.requests += 1)}`;
    const forget = (): void => {
      this.bodies.delete(requestId);
    };
    const { limits, pauses } = this;
    const queue = new UnreadQueue<Buffer>({ what: 'a body', limits, pauses, onAbandon: forget });
    // Registered before it is asked for: pieces may overtake the answer.
    this.bodies.set(requestId, { queue, lastSeq: 0 });
    const abort = (): void => {
      forget();
      queue.end(abortReason(signal));
    };
    signal?.addEventListener('abort', abort, { once: true });
    try {
      const asked = this.calls.call(
        'http/request',
        { ...params, requestId, streamResponse: true },
        { isRepeatable: false },
      );
      const { status, headers } = await abortable(asked, signal);
      return { status, headers, body: queue };
    } catch (error) {
      forget();
      signal?.removeEventListener('abort', abort);
      throw error;
    }
  }

  receive({ requestId, seq, deltaBase64, done, error }: BodyDelta): void {
    const body = this.bodies.get(requestId);
    if (body === undefined) return;
    const chunk = decodeBase64(deltaBase64);
    if (seq !== body.lastSeq + 1 || chunk === undefined) {
      this.break(requestId, body, 'a piece is missing or unreadable');
      return;
    }
    body.lastSeq = seq;
    if (chunk.length > 0) body.queue.push(chunk, chunk.length);
    if (!done) return;
    if (error !== null)
      this.break(requestId, body, error.slice(0, this.limits.maxErrorMessageChars));
    else {
      this.bodies.delete(requestId);
      body.queue.end();
    }
  }

  /** Streams end with their connection. */
  disconnect(reason: string): void {
    for (const [requestId, body] of this.bodies) this.break(requestId, body, reason);
  }

  private break(requestId: string, { queue }: Body, reason: string): void {
    this.bodies.delete(requestId);
    queue.end(new ExecServerError('connectionClosed', `Failed to read the body: ${reason}`));
  }
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error('The request was aborted');
}

/** Settles when the signal does, whatever becomes of the call. */
async function abortable<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return call;
  let letGo: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const abort = (): void => {
      reject(abortReason(signal));
    };
    signal.addEventListener('abort', abort, { once: true });
    letGo = () => {
      signal.removeEventListener('abort', abort);
    };
  });
  try {
    return await Promise.race([call, aborted]);
  } finally {
    letGo();
  }
}
