import type * as z from 'zod';
import { systemClock } from '../base/clock';
import { Emitter } from '../base/event';
import { defaultLimits } from '../base/limits';
import { DisposableStore } from '../base/lifecycle';
import type { Logger } from '../base/logger';
import type { CallParamsOf, ResultOf } from '../protocol/methods';
import type { ReceivedNotification } from '../rpc/rpcPeer';
import { RpcPeer } from '../rpc/rpcPeer';
import type { MessageTransport } from '../rpc/transport';
import { connectWebSocket } from '../rpc/connectWebSocket';
import { CloseCode } from '../rpc/closeCodes';
import type { ControlClient, ControlEnd, ControlMethod } from './controlClient';
import { CONTROL_PATH } from './controlPath';
import type {
  ChangedNotification,
  LogNotification,
  NoticeNotification,
  Snapshot,
  ViewEndedNotification,
  ViewOutputNotification,
} from './messages';
import { controlNotifications, controlRequests } from './messages';

export interface ConnectControlOptions {
  readonly port: number;
  readonly ownerToken: string;
  /** Names this window in the executor's log. */
  readonly clientName: string;
  readonly logger: Logger;
}

/**
 * Connects to the executor on this machine and fetches the state it is in.
 *
 * @throws ExecServerError `connectionClosed` when nobody listens there, or it is not our executor.
 */
export async function connectControl(options: ConnectControlOptions): Promise<ControlClient> {
  const transport = await connectWebSocket({
    url: `ws://127.0.0.1:${options.port}${CONTROL_PATH}`,
    headers: { authorization: `Bearer ${options.ownerToken}` },
    timeoutMs: defaultLimits.upgradeTimeoutMs,
    maxMessageBytes: defaultLimits.maxMessageBytes,
    limits: defaultLimits,
    clock: systemClock,
  });
  const client = new SocketControlClient(transport, options.logger);
  try {
    await client.initialize(options.clientName);
  } catch (error) {
    client.dispose();
    throw error;
  }
  return client;
}

class SocketControlClient implements ControlClient {
  private readonly store = new DisposableStore();
  private readonly peer: RpcPeer<typeof controlRequests>;
  private readonly changeEmitter = this.store.add(new Emitter<ChangedNotification>());
  private readonly noticeEmitter = this.store.add(new Emitter<NoticeNotification>());
  private readonly logEmitter = this.store.add(new Emitter<LogNotification>());
  private readonly outputEmitter = this.store.add(new Emitter<ViewOutputNotification>());
  private readonly endViewEmitter = this.store.add(new Emitter<ViewEndedNotification>());
  private readonly closeEmitter = this.store.add(new Emitter<ControlEnd>());
  private initial: Snapshot | undefined;
  /** What arrives before whoever connected could subscribe; `undefined` once it has had the chance. */
  private held: (() => void)[] | undefined = [];

  readonly onDidChange = this.changeEmitter.event;
  readonly onDidGiveNotice = this.noticeEmitter.event;
  readonly onDidLog = this.logEmitter.event;
  readonly onDidReceiveOutput = this.outputEmitter.event;
  readonly onDidEndView = this.endViewEmitter.event;
  readonly onDidClose = this.closeEmitter.event;

  constructor(
    transport: MessageTransport,
    private readonly logger: Logger,
  ) {
    this.peer = new RpcPeer(transport, controlRequests, defaultLimits);
    this.peer.onDidNotify((notification) => {
      this.hold(() => {
        this.receive(notification);
      });
    });
    this.peer.onDidClose(({ code }) => {
      this.hold(() => {
        this.closeEmitter.fire(code === CloseCode.goingAway ? 'shutDown' : 'lost');
      });
    });
  }

  get snapshot(): Snapshot {
    if (this.initial === undefined) throw new Error('The control client is not initialized yet');
    return this.initial;
  }

  async initialize(clientName: string): Promise<void> {
    this.initial = await this.peer.request('control/initialize', { clientName });
    // One socket read can carry the answer and what follows it; the caller has its turn in between.
    setImmediate(() => {
      const { held = [] } = this;
      this.held = undefined;
      for (const release of held) release();
    });
  }

  request<M extends ControlMethod>(
    method: M,
    params: CallParamsOf<typeof controlRequests, M>,
  ): Promise<ResultOf<typeof controlRequests, M>> {
    return this.peer.request(method, params);
  }

  acknowledge(viewId: number, bytes: number): void {
    this.peer.notify('view/acknowledge', { viewId, bytes });
  }

  dispose(): void {
    this.peer.dispose();
    this.store.dispose();
  }

  private hold(release: () => void): void {
    if (this.held === undefined) release();
    else this.held.push(release);
  }

  private receive({ method, params }: ReceivedNotification): void {
    switch (method) {
      case 'control/changed':
        this.hand(controlNotifications[method], params, this.changeEmitter);
        return;
      case 'control/notice':
        this.hand(controlNotifications[method], params, this.noticeEmitter);
        return;
      case 'control/log':
        this.hand(controlNotifications[method], params, this.logEmitter);
        return;
      case 'view/output':
        this.hand(controlNotifications[method], params, this.outputEmitter);
        return;
      case 'view/ended':
        this.hand(controlNotifications[method], params, this.endViewEmitter);
        return;
      default:
        // A later executor may tell more than this editor understands.
        this.logger.debug('unknown notification from the executor', { method });
    }
  }

  private hand<S extends z.ZodType>(
    schema: S,
    params: unknown,
    emitter: Emitter<z.output<S>>,
  ): void {
    const parsed = schema.safeParse(params);
    if (parsed.success) emitter.fire(parsed.data);
    else
      this.logger.warn('unreadable notification from the executor', {
        cause: parsed.error.message,
      });
  }
}
