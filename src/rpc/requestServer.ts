import { toError } from '../base/errors';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import type { IncomingRequest } from '../protocol/envelope';
import { encodeError, encodeResponse } from '../protocol/envelope';
import { isUnforeseen, limitReached, toRpcError } from '../protocol/errorCodes';
import type { RequestTable } from '../protocol/methods';
import type { OutgoingMessage } from '../protocol/outgoingMessage';
import type { RoutedRequest, Router } from './router';
import type { MessageTransport } from './transport';
import type { TurnWork } from './turnQueue';
import { TurnQueue } from './turnQueue';

export interface RequestServerOptions<T extends RequestTable, Context> {
  readonly transport: MessageTransport;
  readonly router: Router<T, Context>;
  readonly context: Context;
  readonly limits: Pick<
    Limits,
    | 'maxQueuedRequests'
    | 'maxQueuedRequestBytes'
    | 'maxWaitingRequests'
    | 'maxWaitingRequestBytes'
    | 'sendQueueFullBytes'
  >;
  readonly logger: Logger;
}

/** Longest part of a caller's method name that goes into the log. */
const MAX_LOGGED_METHOD_LENGTH = 80;

/**
 * Serves the requests of one connection: they take effect in the order sent, each is answered exactly
 * once, and one that waits steps aside. A sender that runs ahead of the work is no longer read, and for
 * one that does not read its answers nothing more is done. Once the connection closes, what has not had
 * its turn never gets one.
 */
export class RequestServer<T extends RequestTable, Context> {
  private readonly turns = new TurnQueue(() => {
    this.readOnWhenCaughtUp();
  });
  private queuedBytes = 0;
  private waitingRequests = 0;
  private waitingBytes = 0;
  private receivingPaused = false;

  constructor(private readonly options: RequestServerOptions<T, Context>) {}

  /** @param bytes what the request takes until it is answered. */
  accept(request: IncomingRequest, bytes: number): void {
    this.enqueue(() => this.serve(request, bytes), bytes);
  }

  /** Runs something that is not a request, such as a notification's effect, in its place in the order. */
  acceptEffect(effect: () => void): void {
    this.enqueue(() => {
      effect();
      return undefined;
    }, 0);
  }

  /** Begins nothing more; what already took effect goes on and is answered while that is possible. */
  stop(): void {
    this.turns.stop();
  }

  private enqueue(work: TurnWork, bytes: number): void {
    const { transport, limits } = this.options;
    this.queuedBytes += bytes;
    this.turns.push(() => {
      this.queuedBytes -= bytes;
      return transport.isOpen ? this.whenAnswersAreRead(work) : undefined;
    });
    if (this.receivingPaused || this.isBelow(limits, 1)) return;
    this.receivingPaused = true;
    transport.setReceivingPaused(true);
  }

  private readOnWhenCaughtUp(): void {
    if (!this.receivingPaused || !this.isBelow(this.options.limits, 0.5)) return;
    this.receivingPaused = false;
    this.options.transport.setReceivingPaused(false);
  }

  private isBelow(
    { maxQueuedRequests, maxQueuedRequestBytes }: RequestServerOptions<T, Context>['limits'],
    share: number,
  ): boolean {
    return (
      this.turns.length < maxQueuedRequests * share &&
      this.queuedBytes < maxQueuedRequestBytes * share
    );
  }

  private whenAnswersAreRead(work: TurnWork): Promise<void> | undefined {
    const { transport, limits } = this.options;
    if (!transport.isCongested || transport.queuedBytes <= limits.sendQueueFullBytes) return work();
    return new Promise<void>((resolve) => {
      const subscription = transport.onDidChangeCongestion((congested) => {
        if (congested) return;
        subscription.dispose();
        resolve();
      });
    }).then(() => (transport.isOpen ? work() : undefined));
  }

  private serve(request: IncomingRequest, bytes: number): Promise<void> | undefined {
    const { router, context } = this.options;
    let routed: RoutedRequest;
    let answer: unknown;
    try {
      routed = router.route(request.method, request.params, context);
      if (routed.spec.turn === 'mayWait') this.refuseWhenTooManyWait(bytes);
      answer = routed.call();
    } catch (error) {
      this.refuse(request, error);
      return undefined;
    }
    if (!(answer instanceof Promise)) {
      this.respond(request, answer);
      return undefined;
    }
    const answered = answer.then(
      (result: unknown) => {
        this.respond(request, result);
      },
      (error: unknown) => {
        this.refuse(request, error);
      },
    );
    if (routed.spec.turn === 'inOrder') return answered;
    this.waitingRequests += 1;
    this.waitingBytes += bytes;
    void answered.finally(() => {
      this.waitingRequests -= 1;
      this.waitingBytes -= bytes;
    });
    return undefined;
  }

  /** Refused and not held back, so that a request that ends the waiting still gets through. */
  private refuseWhenTooManyWait(bytes: number): void {
    const { maxWaitingRequests, maxWaitingRequestBytes } = this.options.limits;
    if (this.waitingRequests >= maxWaitingRequests) {
      throw limitReached('requests may wait on one connection', maxWaitingRequests);
    }
    // One alone may be as large as a message may be.
    if (this.waitingBytes > 0 && this.waitingBytes + bytes > maxWaitingRequestBytes) {
      throw limitReached('bytes of requests may wait on one connection', maxWaitingRequestBytes);
    }
  }

  private respond(request: IncomingRequest, answer: unknown): void {
    let frame: OutgoingMessage;
    try {
      frame = encodeResponse(request.id, answer);
    } catch (error) {
      // For example longer than a string may be.
      this.refuse(request, error);
      return;
    }
    this.options.transport.send(frame);
  }

  private refuse(request: IncomingRequest, thrown: unknown): void {
    const error = toRpcError(thrown);
    const { logger, transport } = this.options;
    if (isUnforeseen(thrown)) {
      const { stack, message } = toError(thrown);
      logger.error('request failed unexpectedly', {
        method: request.method,
        cause: stack ?? message,
      });
    } else {
      const method = request.method.slice(0, MAX_LOGGED_METHOD_LENGTH);
      logger.debug('request refused', { method, code: error.code });
    }
    transport.send(encodeError(request.id, error));
  }
}
