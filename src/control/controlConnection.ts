import type * as z from 'zod';
import type { Limits } from '../base/limits';
import { DisposableStore } from '../base/lifecycle';
import type { Logger } from '../base/logger';
import { encodeNotification, parseMessage } from '../protocol/envelope';
import { invalidRequest } from '../protocol/errorCodes';
import { CloseCode } from '../rpc/closeCodes';
import { RequestServer } from '../rpc/requestServer';
import { Router } from '../rpc/router';
import type { MessageTransport } from '../rpc/transport';
import type { SessionProcess } from '../server/sessionProcess';
import { controlHandlers } from './controlHandlers';
import type { ControlServer } from './controlServer';
import { LogFeed } from './logFeed';
import type { ViewEndedNotification, controlNotifications } from './messages';
import { AcknowledgeViewParamsSchema, controlRequests } from './messages';
import { OutputView } from './outputView';

export type ControlNotificationMethod = keyof typeof controlNotifications;
export type ControlNotificationParams<M extends ControlNotificationMethod> = z.input<
  (typeof controlNotifications)[M]
>;

export interface ControlConnectionOptions {
  readonly transport: MessageTransport;
  readonly control: ControlServer;
  readonly limits: Limits;
  readonly logger: Logger;
  readonly onDidEnd: () => void;
}

/** One owner window: its requests and its views. */
export class ControlConnection {
  private readonly store = new DisposableStore();
  private readonly views = new Map<number, OutputView>();
  private readonly logFeed: LogFeed;
  private readonly requestServer: RequestServer<typeof controlRequests, ControlConnection>;
  private initialized = false;

  constructor(private readonly options: ControlConnectionOptions) {
    const { transport, limits, logger, control } = options;
    const router = new Router<typeof controlRequests, ControlConnection>(
      controlRequests,
      controlHandlers(control),
      // The owner token was the gate; the channel has no other.
      () => undefined,
    );
    this.requestServer = new RequestServer<typeof controlRequests, ControlConnection>({
      transport,
      router,
      context: this,
      limits,
      logger,
    });
    this.logFeed = this.store.add(
      new LogFeed(control.options.recentLog, transport, (line) => {
        this.tell('control/log', line);
      }),
    );
    this.store.add(
      transport.onDidReceive((data) => {
        this.receive(data);
      }),
    );
    this.store.add(
      transport.onDidEnd(() => {
        this.end();
      }),
    );
  }

  get control(): ControlServer {
    return this.options.control;
  }

  /** Begins to tell changes; what follows the snapshot builds on it. */
  markInitialized(): void {
    if (this.initialized) return;
    this.initialized = true;
    // The answer with the snapshot goes out first.
    setImmediate(() => {
      this.logFeed.start();
    });
  }

  tell<M extends ControlNotificationMethod>(method: M, params: ControlNotificationParams<M>): void {
    if (!this.initialized) return;
    this.options.transport.send(encodeNotification(method, params));
  }

  openView(viewId: number, entry: SessionProcess): void {
    if (this.views.has(viewId)) throw invalidRequest(`view ${viewId} is already open`);
    const { clock, limits } = this.control.options;
    const view = new OutputView({
      process: entry.process,
      clock,
      limits,
      send: (data, droppedBytes) => {
        const dropped = droppedBytes > 0 ? { droppedBytes } : {};
        this.tell('view/output', { viewId, dataBase64: data.toString('base64'), ...dropped });
      },
      end: () => {
        this.views.delete(viewId);
        const { exitCode } = entry.process.state;
        const ended: ViewEndedNotification = {
          viewId,
          ...(exitCode === undefined ? {} : { exitCode }),
        };
        this.tell('view/ended', ended);
      },
    });
    this.views.set(viewId, view);
    // The answer to the request goes out first, so that the editor knows the view when output comes.
    setImmediate(() => {
      if (this.views.get(viewId) === view) view.start();
    });
  }

  closeView(viewId: number): void {
    this.views.get(viewId)?.dispose();
    this.views.delete(viewId);
  }

  private receive(data: Buffer): void {
    const message = parseMessage(data, this.options.limits);
    if (message.kind === 'request') this.requestServer.accept(message, data.length);
    else if (message.kind === 'notification' && message.method === 'view/acknowledge') {
      const parsed = AcknowledgeViewParamsSchema.safeParse(message.params);
      if (parsed.success) this.views.get(parsed.data.viewId)?.acknowledge(parsed.data.bytes);
    } else {
      // Both ends of this channel are ours, so anything else is a defect or somebody else's program.
      this.options.transport.close(CloseCode.protocolError, `unexpected ${message.kind}`);
    }
  }

  private end(): void {
    this.requestServer.stop();
    this.store.dispose();
    for (const view of this.views.values()) view.dispose();
    this.views.clear();
    // A window that is gone cannot type, and the agent would wait for nobody.
    this.control.handBackInputsOf(this);
    this.options.onDidEnd();
  }
}
