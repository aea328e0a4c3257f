import { Deferred } from '../base/deferred';
import { ExecServerError, toError } from '../base/errors';
import type { RequestMethod } from '../protocol/methods';
import type { ServerPeer } from './attachment';
import type { CallParams, CallResult } from './execServerClient';

interface Call {
  readonly method: string;
  readonly isRepeatable: boolean;
  readonly isTireless: boolean;
  readonly answer: Deferred<unknown>;
  readonly send: (peer: ServerPeer) => Promise<unknown>;
  /** How often it was sent. */
  sendings: number;
}

export interface CallOptions {
  /** Whether taking effect twice does no harm. */
  readonly isRepeatable: boolean;
  /** Whether it is repeated for as long as it takes. Others are given up when they may be what breaks the connection. */
  readonly isTireless?: boolean;
}

/**
 * Calls in their order, over whatever connection there is. Without one they wait; those whose answer went
 * down with a connection are repeated first, or fail when that could do harm.
 */
export class CallQueue {
  private readonly inFlight = new Set<Call>();
  private waiting: Call[] = [];
  private peer: ServerPeer | undefined;
  private endReason: string | undefined;

  /** @param onDidChangeBusy runs when the number of calls under way may have become or left zero. */
  constructor(
    private readonly maxRepeats: number,
    private readonly onDidChangeBusy: () => void,
  ) {}

  /** Whether an answer is waited for. */
  get isBusy(): boolean {
    return this.inFlight.size > 0;
  }

  /** @throws RpcError as answered; ExecServerError `connectionClosed` or `protocolViolation`. */
  async call<M extends RequestMethod>(
    method: M,
    params: CallParams<M>,
    { isRepeatable, isTireless = false }: CallOptions,
  ): Promise<CallResult<M>> {
    const call: Call = {
      method,
      isRepeatable,
      isTireless,
      answer: new Deferred<unknown>(),
      send: (peer) => peer.request(method, params),
      sendings: 0,
    };
    if (this.endReason !== undefined) throw notSent(method, this.endReason);
    if (this.peer === undefined) this.waiting.push(call);
    else this.send(call, this.peer);
    // What the peer resolves with was parsed by the schema its type comes from.
    return (await call.answer.promise) as CallResult<M>;
  }

  /** Sends what has waited, and from now on what comes. */
  connect(peer: ServerPeer): void {
    this.peer = peer;
    const { waiting } = this;
    this.waiting = [];
    for (const call of waiting) this.send(call, peer);
  }

  /** The connection is lost. */
  disconnect(): void {
    this.peer = undefined;
    const lost = [...this.inFlight];
    this.inFlight.clear();
    this.waiting = [...lost.filter((call) => this.survives(call)), ...this.waiting];
    this.onDidChangeBusy();
  }

  /** For good. */
  end(reason: string): void {
    this.endReason = reason;
    this.peer = undefined;
    for (const call of this.inFlight) call.answer.reject(answerLost(call.method, reason));
    for (const call of this.waiting) {
      const { method, answer, sendings } = call;
      answer.reject(sendings === 0 ? notSent(method, reason) : answerLost(method, reason));
    }
    this.inFlight.clear();
    this.waiting = [];
    this.onDidChangeBusy();
  }

  private survives(call: Call): boolean {
    if (call.isRepeatable && (call.isTireless || call.sendings <= this.maxRepeats)) return true;
    call.answer.reject(answerLost(call.method, 'the connection was lost'));
    return false;
  }

  private send(call: Call, peer: ServerPeer): void {
    call.sendings += 1;
    const { sendings } = call;
    this.inFlight.add(call);
    this.onDidChangeBusy();
    // A failure of a connection that is gone is none of the call any more.
    const isCurrent = (): boolean => call.sendings === sendings && this.inFlight.delete(call);
    call.send(peer).then(
      (result) => {
        if (!isCurrent()) return;
        call.answer.resolve(result);
        this.onDidChangeBusy();
      },
      (error: unknown) => {
        if (!isCurrent()) return;
        call.answer.reject(toError(error));
        this.onDidChangeBusy();
      },
    );
  }
}

function notSent(method: string, reason: string): ExecServerError {
  return new ExecServerError('connectionClosed', `Failed to call ${method}: ${reason}`);
}

function answerLost(method: string, reason: string): ExecServerError {
  return new ExecServerError(
    'connectionClosed',
    `Failed to learn the outcome of ${method}: ${reason}; it may have taken effect`,
  );
}
