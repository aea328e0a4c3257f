import { toError } from '../base/errors';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import type { IncomingRequest } from '../protocol/envelope';
import { encodeError, encodeResponse } from '../protocol/envelope';
import { ErrorCode, RpcError, limitReached, toRpcError } from '../protocol/errorCodes';
import type { RequestTable } from '../protocol/methods';
import type { RoutedRequest, Router } from './router';
import type { MessageTransport } from './transport';
import { TurnQueue } from './turnQueue';

export interface RequestServerOptions<T extends RequestTable, Context> {
  readonly transport: MessageTransport;
  readonly router: Router<T, Context>;
  readonly context: Context;
  readonly limits: Pick<Limits, 'maxQueuedRequests' | 'maxWaitingRequests'>;
  readonly logger: Logger;
}

/**
 * Serves the requests of one connection: they take effect in the order sent, each is answered exactly
 * once, and one that waits steps aside. A sender that runs ahead of the work is no longer read.
 */
export class RequestServer<T extends RequestTable, Context> {
  private readonly turns = new TurnQueue(() => {
    this.readOnWhenCaughtUp();
  });
  private waitingRequests = 0;
  private receivingPaused = false;

  constructor(private readonly options: RequestServerOptions<T, Context>) {}

  accept(request: IncomingRequest): void {
    this.enqueue(() => this.serve(request));
  }

  /** Runs something that is not a request, such as a notification's effect, in its place in the order. */
  acceptEffect(effect: () => void): void {
    this.enqueue(() => {
      effect();
      return undefined;
    });
  }

  /** Answers nothing more; what already took effect goes on. */
  stop(): void {
    this.turns.stop();
  }

  private enqueue(work: () => Promise<void> | undefined): void {
    this.turns.push(work);
    if (this.turns.length < this.options.limits.maxQueuedRequests || this.receivingPaused) return;
    this.receivingPaused = true;
    this.options.transport.setReceivingPaused(true);
  }

  private readOnWhenCaughtUp(): void {
    if (!this.receivingPaused || this.turns.length > this.options.limits.maxQueuedRequests / 2)
      return;
    this.receivingPaused = false;
    this.options.transport.setReceivingPaused(false);
  }

  private serve(request: IncomingRequest): Promise<void> | undefined {
    const { router, context, limits } = this.options;
    let routed: RoutedRequest;
    let answer: unknown;
    try {
      routed = router.route(request.method, request.params, context);
      if (routed.spec.turn === 'mayWait' && this.waitingRequests >= limits.maxWaitingRequests) {
        throw limitReached('requests may wait on one connection', limits.maxWaitingRequests);
      }
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
    void answered.finally(() => {
      this.waitingRequests -= 1;
    });
    return undefined;
  }

  private respond(request: IncomingRequest, answer: unknown): void {
    this.options.transport.send(encodeResponse(request.id, answer));
  }

  private refuse(request: IncomingRequest, thrown: unknown): void {
    const error = toRpcError(thrown);
    const { logger, transport } = this.options;
    if (!(thrown instanceof RpcError) && error.code === ErrorCode.internal) {
      const { stack, message } = toError(thrown);
      logger.error('request failed unexpectedly', {
        method: request.method,
        cause: stack ?? message,
      });
    } else {
      logger.debug('request refused', { method: request.method, code: error.code });
    }
    transport.send(encodeError(request.id, error));
  }
}
