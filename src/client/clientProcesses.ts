import type { Clock } from '../base/clock';
import { ExecServerError, toError } from '../base/errors';
import type { Limits } from '../base/limits';
import { invalidRequest } from '../protocol/errorCodes';
import type { ServerPeer } from './attachment';
import { isConnectionClosed } from './attachment';
import type { CallQueue } from './callQueue';
import type { ClientProcess } from './clientProcess';
import type { CallParams, ServerFacts } from './execServerClient';
import { ProcessChannel } from './processChannel';
import type { AddressedEvent } from './processNotifications';
import type { ReceivingPauses } from './receivingPauses';
import { StartedProcess } from './startedProcess';

export interface ClientProcessesOptions {
  readonly calls: CallQueue;
  readonly pauses: ReceivingPauses;
  readonly facts: ServerFacts;
  readonly limits: Limits;
  readonly clock: Clock;
}

/** The processes of a session that somebody here waits for. */
export class ClientProcesses {
  private readonly channels = new Map<string, ProcessChannel>();
  /** Those that run, so that the server can be asked for their output. */
  private readonly started = new Map<string, ProcessChannel>();
  /** Perhaps started, with nobody to tell. */
  private readonly orphans = new Set<string>();
  private readonly reads = new Set<Promise<void>>();
  private peer: ServerPeer | undefined;
  private over = false;

  constructor(private readonly options: ClientProcessesOptions) {}

  async start(params: CallParams<'process/start'>): Promise<ClientProcess> {
    const { processId } = params;
    // The server would refuse it too, but the events of the two could not be told apart until then.
    if (this.channels.has(processId)) throw invalidRequest(`process ${processId} already exists`);
    const { calls, pauses, facts, limits } = this.options;
    const channel = this.openChannel(processId);
    try {
      const reply = await calls.call('process/start', params, { isRepeatable: false });
      if (this.channels.get(processId) === channel) this.started.set(processId, channel);
      // Whoever awaits this has had the chance to subscribe by then.
      setImmediate(() => {
        channel.open();
      });
      const { repeatsWritesSafely } = facts;
      const about = { channel, calls, pauses, limits, repeatsWritesSafely };
      return new StartedProcess({ ...reply, processId }, about);
    } catch (error) {
      this.forget(processId, channel);
      if (error instanceof ExecServerError) this.abandon(processId);
      throw error;
    }
  }

  receive({ processId, event }: AddressedEvent): void {
    this.channels.get(processId)?.receive(event);
  }

  /** The connection whose answers are waited for. */
  connect(peer: ServerPeer): void {
    this.peer = peer;
  }

  disconnect(): void {
    this.peer = undefined;
    for (const channel of this.channels.values()) channel.disconnect();
  }

  /** Fetches what was missed; resolves when it has come or will not. */
  async resume(peer: ServerPeer): Promise<void> {
    this.peer = peer;
    for (const processId of this.orphans) void this.terminateOrphan(peer, processId);
    for (const channel of this.started.values()) channel.catchUp();
    await Promise.all(this.reads);
  }

  /** For good. */
  end(reason: string): void {
    this.over = true;
    this.peer = undefined;
    for (const channel of [...this.channels.values()]) channel.fail(reason);
  }

  private openChannel(processId: string): ProcessChannel {
    const { limits, clock } = this.options;
    const channel = new ProcessChannel({
      limits,
      clock,
      read: (afterSeq) => {
        const read = this.read(processId, channel, afterSeq).finally(() => {
          this.reads.delete(read);
        });
        this.reads.add(read);
      },
      onEnd: (how) => {
        this.forget(processId, channel);
        if (how === 'failed') this.abandon(processId);
      },
    });
    this.channels.set(processId, channel);
    return channel;
  }

  private forget(processId: string, channel: ProcessChannel): void {
    if (this.channels.get(processId) !== channel) return;
    this.channels.delete(processId);
    this.started.delete(processId);
  }

  private async read(processId: string, channel: ProcessChannel, afterSeq: number): Promise<void> {
    const { peer } = this;
    if (peer === undefined) return;
    try {
      const reply = await peer.request('process/read', { processId, afterSeq, waitMs: 0 });
      channel.receiveRead(reply, this.options.facts.countsEnds);
    } catch (error) {
      // The next connection asks again.
      if (isConnectionClosed(error)) return;
      channel.fail(`its output could not be read: ${toError(error).message}`);
    }
  }

  /** Ends what nobody here waits for any more. */
  private abandon(processId: string): void {
    if (this.over) return;
    this.orphans.add(processId);
    if (this.peer !== undefined) void this.terminateOrphan(this.peer, processId);
  }

  private async terminateOrphan(peer: ServerPeer, processId: string): Promise<void> {
    try {
      await peer.request('process/terminate', { processId });
      this.orphans.delete(processId);
    } catch (error) {
      // The next connection tries again. A server that refuses has nothing to end.
      if (!isConnectionClosed(error)) this.orphans.delete(processId);
    }
  }
}
