import type { z } from 'zod';
import { Deferred } from '../base/deferred';
import { ExecServerError } from '../base/errors';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import { defaultLimits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import { DisposableStore } from '../base/lifecycle';
import type { IncomingRequest, ResponseOutcome } from '../protocol/envelope';
import { encodeError, encodeNotification, encodeRequest, parseMessage } from '../protocol/envelope';
import { RpcError, methodNotFound } from '../protocol/errorCodes';
import type { CallParamsOf, MethodOf, RequestTable, ResultOf } from '../protocol/methods';
import type { OutputFrame } from '../protocol/outputFrame';
import { isOutputFrame, parseOutputFrame } from '../protocol/outputFrame';
import { OutputTextReader } from '../protocol/outputText';
import { CloseCode } from './closeCodes';
import type { MessageTransport, TransportEnd } from './transport';

/** A notification as it came, its parameters not parsed yet. */
export interface ReceivedNotification {
  readonly method: string;
  readonly params: unknown;
}

/**
 * The asking end of a connection: matches replies to requests and hands notifications on. What comes
 * from the other end is parsed here, once. When the connection ends, every open request fails. Requests
 * of the other end are answered with −32601; what is no message ends the connection.
 */
export class RpcPeer<T extends RequestTable> implements Disposable {
  private readonly store = new DisposableStore();
  private readonly pending = new Map<number, { result: z.ZodType; answer: Deferred<unknown> }>();
  private readonly notificationEmitter = new Emitter<ReceivedNotification>();
  private readonly outputEmitter = new Emitter<OutputFrame>();
  private readonly closeEmitter = new Emitter<TransportEnd>();
  private readonly outputTexts = new OutputTextReader();
  private lastId = 0;
  private closed = false;

  readonly onDidNotify = this.notificationEmitter.event;
  /**
   * Output as it is, from a server that was asked for it, and bulk output; the rest comes as notifications.
   * The chunk is valid during the event only.
   */
  readonly onDidReceiveOutput = this.outputEmitter.event;
  /** The connection has ended; the code tells how. */
  readonly onDidClose = this.closeEmitter.event;

  constructor(
    private readonly transport: MessageTransport,
    private readonly table: T,
    private readonly limits: Pick<Limits, 'maxJsonValues' | 'maxJsonDepth'>,
  ) {
    this.store.add(
      transport.onDidReceive((data) => {
        this.receive(data);
      }),
    );
    this.store.add(
      transport.onDidEnd((how) => {
        this.end(how);
      }),
    );
  }

  /** @throws RpcError as answered; ExecServerError `connectionClosed` or `protocolViolation`. */
  async request<M extends MethodOf<T>>(
    method: M,
    params: CallParamsOf<T, M>,
  ): Promise<ResultOf<T, M>> {
    if (this.closed) throw connectionClosed(method);
    const spec = this.table[method];
    if (spec === undefined) throw new Error(`No such method: ${method}`);
    const id = (this.lastId += 1);
    const answer = new Deferred<unknown>();
    this.pending.set(id, { result: spec.result, answer });
    this.transport.send(encodeRequest(id, method, params));
    // The schema that parsed the result is the one its type is inferred from.
    return (await answer.promise) as ResultOf<T, M>;
  }

  notify(method: string, params: unknown): void {
    this.transport.send(encodeNotification(method, params));
  }

  dispose(): void {
    this.transport.close(CloseCode.normal, '');
    this.end({ code: CloseCode.normal, reason: '' });
  }

  private receive(data: Buffer): void {
    // The first byte tells: no JSON text begins with it.
    if (isOutputFrame(data)) {
      this.receiveOutput(data);
      return;
    }
    const output = this.outputEmitter.hasListeners ? this.outputTexts.read(data) : undefined;
    if (output !== undefined) {
      this.outputEmitter.fire(output);
      return;
    }
    const message = parseMessage(data, this.limits);
    if (message.kind === 'notification') this.notificationEmitter.fire(message);
    else if (message.kind === 'response') this.settle(message.id, message.outcome);
    else if (message.kind === 'request') this.refuse(message);
    else this.giveUp(message.detail);
  }

  private receiveOutput(data: Buffer): void {
    const frame = parseOutputFrame(data);
    if (frame === undefined) this.giveUp('unreadable output');
    else this.outputEmitter.fire(frame);
  }

  /** Whoever asked shall learn why, whatever code the other end closes with. */
  private giveUp(reason: string): void {
    this.transport.close(CloseCode.protocolError, reason);
    this.end({ code: CloseCode.protocolError, reason });
  }

  private refuse({ id, method }: IncomingRequest): void {
    if (typeof id === 'string' && id.length > defaultLimits.maxIdBytes) {
      this.giveUp('a request has an endless id');
      return;
    }
    // Who asks and takes no answers would have them pile up here.
    if (!this.transport.isCongested) this.transport.send(encodeError(id, methodNotFound(method)));
  }

  private settle(id: unknown, outcome: ResponseOutcome): void {
    if (typeof id !== 'number') return;
    const call = this.pending.get(id);
    if (call === undefined) return;
    this.pending.delete(id);
    if ('error' in outcome) {
      const { code, message } = outcome.error;
      call.answer.reject(new RpcError(code, message.slice(0, defaultLimits.maxErrorMessageChars)));
      return;
    }
    const parsed = call.result.safeParse(outcome.result);
    if (parsed.success) call.answer.resolve(parsed.data);
    else {
      call.answer.reject(
        new ExecServerError('protocolViolation', 'Failed to read a reply: it has another shape', {
          cause: parsed.error,
        }),
      );
    }
  }

  private end(how: TransportEnd): void {
    if (this.closed) return;
    this.closed = true;
    for (const { answer } of this.pending.values()) answer.reject(connectionClosed('the request'));
    this.pending.clear();
    this.closeEmitter.fire(how);
    this.store.dispose();
    this.notificationEmitter.dispose();
    this.outputEmitter.dispose();
    this.closeEmitter.dispose();
  }
}

function connectionClosed(what: string): ExecServerError {
  return new ExecServerError(
    'connectionClosed',
    `Failed to send ${what}: the connection is closed`,
  );
}
