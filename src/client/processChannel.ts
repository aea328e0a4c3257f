import type { Clock } from '../base/clock';
import { Deferred } from '../base/deferred';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import { MutableDisposable } from '../base/lifecycle';
import type { ReadResponse } from '../protocol/processMessages';
import type { ClientProcessEvent, ClientProcessState } from './clientProcess';
import type { NumberedEvent } from './eventOrder';
import { EventOrder } from './eventOrder';
import { eventsOfRead } from './eventsOfRead';

export interface ProcessChannelOptions {
  readonly limits: Pick<
    Limits,
    | 'maxReorderedEvents'
    | 'maxReorderedBytes'
    | 'maxHeldEvents'
    | 'maxHeldBytes'
    | 'maxOutputChunkBytes'
    | 'maxErrorMessageChars'
    | 'missingEventMs'
  >;
  readonly clock: Clock;
  /** Asks the server for what came after a number; the answer goes to `receiveRead`. */
  readonly read: (afterSeq: number) => void;
  /** Nothing comes any more; `failed` tells that the process itself may go on. */
  readonly onEnd: (how: 'closed' | 'failed') => void;
}

/** What an event takes in memory besides its output, about. */
const EVENT_BYTES = 128;

/** Reads in a row that may leave a gap where it was: each was answered from a later state than the one before. */
const MAX_FRUITLESS_READS = 3;

/**
 * The events of one process, from whatever connection they come, to whoever listens. It exists before the
 * process does, because events may overtake the answer to its start.
 */
export class ProcessChannel {
  private readonly emitter = new Emitter<ClientProcessEvent>();
  private readonly endDeferred = new Deferred<ClientProcessState>();
  private readonly order = new EventOrder((event) => {
    this.publish(event);
  });
  private readonly missingTimer = new MutableDisposable();
  private reading = false;
  private fruitlessReads = 0;
  private current: ClientProcessState = {
    status: 'running',
    exitCode: undefined,
    failure: undefined,
    lastSeq: 0,
  };
  /** What comes before anybody could have subscribed. */
  private unheard: ClientProcessEvent[] | undefined = [];
  private unheardBytes = 0;
  private hasExited = false;
  private over = false;

  readonly onDidEmit = this.emitter.event;
  readonly ended = this.endDeferred.promise;

  constructor(private readonly options: ProcessChannelOptions) {}

  get state(): ClientProcessState {
    return this.current;
  }

  /** Whether its listeners have heard everything there will be. */
  get isOver(): boolean {
    return this.endDeferred.isSettled;
  }

  receive(event: NumberedEvent): void {
    if (this.over) return;
    this.order.offer(event);
    if (this.order.hasGap) this.mindGap();
  }

  /** @param countsEnds see `ReadContext`. */
  receiveRead(reply: ReadResponse, countsEnds: boolean): void {
    this.reading = false;
    if (this.over) return;
    const { lastSeq } = this.order;
    const read = eventsOfRead(reply, { order: this.order, countsEnds });
    if (read === undefined) this.fail('the server contradicts itself about its output');
    else if (read.lostEvents > 0) {
      this.fail(`${read.lostEvents} events of output were lost: more came than the server keeps`);
    } else if (reply.failure !== null && !reply.closed) this.fail(reply.failure);
    else {
      for (const event of read.events) this.order.offer(event);
      this.judgeProgress(lastSeq);
    }
  }

  /** The connection is gone, and with it the answer to a read. */
  disconnect(): void {
    this.reading = false;
    this.missingTimer.value = undefined;
  }

  /** Asks for everything that has not been published. */
  catchUp(): void {
    if (this.over || this.reading) return;
    this.missingTimer.value = undefined;
    this.reading = true;
    this.options.read(this.order.lastSeq);
  }

  /** Nobody can tell any more what becomes of the process. */
  fail(message: string): void {
    if (this.over) return;
    this.over = true;
    this.finish();
    this.hand({
      type: 'failed',
      message: message.slice(0, this.options.limits.maxErrorMessageChars),
    });
    this.options.onEnd('failed');
  }

  /** Lets listeners hear what has come; called when whoever started the process could have subscribed. */
  open(): void {
    const { unheard = [] } = this;
    this.unheard = undefined;
    for (const event of unheard) this.tell(event);
  }

  private judgeProgress(lastSeqBefore: number): void {
    if (this.over || !this.order.hasGap) return;
    this.fruitlessReads = this.order.lastSeq > lastSeqBefore ? 0 : this.fruitlessReads + 1;
    if (this.fruitlessReads < MAX_FRUITLESS_READS) this.mindGap();
    else
      this.fail(`event ${this.order.lastSeq + 1} was lost, and the server does not give it again`);
  }

  /** Something is missing: it may be on its way, and is asked for when it does not come. */
  private mindGap(): void {
    const { order, options } = this;
    const { limits, clock } = options;
    if (order.heldEvents > limits.maxHeldEvents || order.heldBytes > limits.maxHeldBytes) {
      this.fail(`event ${order.lastSeq + 1} is missing, and too much has come after it`);
      return;
    }
    if (this.reading) return;
    const tooMuch =
      order.heldEvents > limits.maxReorderedEvents || order.heldBytes > limits.maxReorderedBytes;
    if (tooMuch) this.catchUp();
    else {
      this.missingTimer.value ??= clock.schedule(() => {
        this.missingTimer.value = undefined;
        if (order.hasGap) this.catchUp();
      }, limits.missingEventMs);
    }
  }

  private publish(event: NumberedEvent): void {
    if (event.type === 'output') {
      if (event.chunk.length > this.options.limits.maxOutputChunkBytes) {
        this.fail('the server sent more output in one piece than anybody takes');
        return;
      }
    } else {
      // An exit comes once, and before the close.
      if (this.hasExited !== (event.type === 'closed')) {
        this.fail('the server contradicts itself about its end');
        return;
      }
      this.hasExited = true;
    }
    if (event.type === 'closed') {
      this.over = true;
      this.finish();
    }
    this.hand(event);
    if (event.type === 'closed') this.options.onEnd('closed');
  }

  private finish(): void {
    this.order.clear();
    this.missingTimer.dispose();
  }

  private hand(event: ClientProcessEvent): void {
    if (this.unheard === undefined) {
      this.tell(event);
      return;
    }
    const kept = event.type === 'output' ? { ...event, chunk: Buffer.from(event.chunk) } : event;
    this.unheard.push(kept);
    this.unheardBytes += EVENT_BYTES + (kept.type === 'output' ? kept.chunk.length : 0);
    if (this.unheardBytes <= this.options.limits.maxHeldBytes) return;
    // The start is still to be answered, and nothing slows what comes until then.
    this.fail('too much output has come before the answer to its start');
  }

  private tell(event: ClientProcessEvent): void {
    this.current = stateAfter(this.current, event);
    this.emitter.fire(event);
    if (event.type !== 'closed' && event.type !== 'failed') return;
    this.endDeferred.resolve(this.current);
    this.emitter.dispose();
  }
}

function stateAfter(state: ClientProcessState, event: ClientProcessEvent): ClientProcessState {
  switch (event.type) {
    case 'output':
      return { ...state, lastSeq: event.seq };
    case 'exited':
      return { ...state, status: 'exited', exitCode: event.exitCode, lastSeq: event.seq };
    case 'closed':
      return { ...state, status: 'closed', lastSeq: event.seq };
    case 'failed':
      return { ...state, status: 'failed', failure: event.message };
  }
}
