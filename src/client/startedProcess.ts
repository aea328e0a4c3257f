import type { Limits } from '../base/limits';
import type { StartResponse, WriteResponse } from '../protocol/processMessages';
import type { CallQueue } from './callQueue';
import type { ClientProcess, ClientProcessEvent, ClientProcessState } from './clientProcess';
import type { ProcessChannel } from './processChannel';
import type { ReceivingPauses } from './receivingPauses';
import { UnreadQueue } from './unreadQueue';

export interface StartedProcessOptions {
  readonly channel: ProcessChannel;
  readonly calls: CallQueue;
  readonly pauses: ReceivingPauses;
  readonly limits: Pick<Limits, 'maxUnreadBytes' | 'maxUnreadBytesDuringCalls'>;
  readonly repeatsWritesSafely: boolean;
}

/** A process and the calls about it. */
export class StartedProcess implements ClientProcess {
  private writes = 0;
  private readonly channel: ProcessChannel;
  private readonly calls: CallQueue;
  readonly processId: string;
  readonly sandboxType: ClientProcess['sandboxType'];
  readonly onDidEmit: ClientProcess['onDidEmit'];
  readonly ended: Promise<ClientProcessState>;

  constructor(
    { processId, sandboxType = 'none' }: StartResponse,
    private readonly options: StartedProcessOptions,
  ) {
    const { channel, calls } = options;
    this.channel = channel;
    this.calls = calls;
    this.processId = processId;
    this.sandboxType = sandboxType;
    this.onDidEmit = channel.onDidEmit;
    this.ended = channel.ended;
  }

  get state(): ClientProcessState {
    return this.channel.state;
  }

  events(): AsyncIterable<ClientProcessEvent> {
    const { limits, pauses } = this.options;
    const subscription = this.onDidEmit((event) => {
      const kept = event.type === 'output' ? { ...event, chunk: Buffer.from(event.chunk) } : event;
      queue.push(kept, event.type === 'output' ? event.chunk.length : 0);
      if (event.type === 'closed' || event.type === 'failed') queue.end();
    });
    const queue = new UnreadQueue<ClientProcessEvent>({
      what: `the events of ${this.processId}`,
      limits,
      pauses,
      onAbandon: () => {
        subscription.dispose();
      },
    });
    if (this.channel.isOver) queue.end();
    return queue;
  }

  write(chunk: Buffer): ReturnType<ClientProcess['write']> {
    const { processId } = this;
    const writeId = String((this.writes += 1));
    const params = { processId, chunk: chunk.toString('base64'), writeId };
    const options = { isRepeatable: this.options.repeatsWritesSafely, isTireless: true };
    return harmless(this.calls.call('process/write', params, options).then(statusOf));
  }

  closeStdin(): ReturnType<ClientProcess['closeStdin']> {
    const params = { processId: this.processId };
    const options = { isRepeatable: true };
    return harmless(this.calls.call('process/closeStdin', params, options).then(statusOf));
  }

  resize({ rows, cols }: { readonly rows: number; readonly cols: number }): Promise<void> {
    const params = { processId: this.processId, rows, cols };
    const options = { isRepeatable: true };
    return harmless(this.calls.call('process/resize', params, options).then(() => undefined));
  }

  signal(signal: Parameters<ClientProcess['signal']>[0]): Promise<void> {
    const params = { processId: this.processId, signal };
    const options = { isRepeatable: false };
    return harmless(this.calls.call('process/signal', params, options).then(() => undefined));
  }

  terminate(): ReturnType<ClientProcess['terminate']> {
    const params = { processId: this.processId };
    return harmless(this.calls.call('process/terminate', params, { isRepeatable: true }));
  }
}

const statusOf = ({ status }: WriteResponse): WriteResponse['status'] => status;

/**
 * What fails here is known from the process too, which fails or has ended. So somebody who types and does
 * not wait for each outcome must not have the whole program ended by it.
 */
function harmless<T>(outcome: Promise<T>): Promise<T> {
  outcome.catch(() => undefined);
  return outcome;
}
