import type { Disposable } from '../base/lifecycle';
import type { Event } from '../base/event';
import type { CallParamsOf, MethodOf, ResultOf } from '../protocol/methods';
import type {
  ChangedNotification,
  LogNotification,
  NoticeNotification,
  Snapshot,
  ViewEndedNotification,
  ViewOutputNotification,
} from './messages';
import type { controlRequests } from './messages';

type ControlRequests = typeof controlRequests;
export type ControlMethod = MethodOf<ControlRequests>;

/** How the channel ended: the executor was told to stop, by whomever, or it vanished. */
export type ControlEnd = 'shutDown' | 'lost';

/** The editor's end of the control channel, connected and initialized. Disposing it closes the socket only. */
export interface ControlClient extends Disposable {
  /** The state at the moment of connecting; `onDidChange` tells what changes after it. */
  readonly snapshot: Snapshot;
  readonly onDidChange: Event<ChangedNotification>;
  readonly onDidGiveNotice: Event<NoticeNotification>;
  readonly onDidLog: Event<LogNotification>;
  readonly onDidReceiveOutput: Event<ViewOutputNotification>;
  readonly onDidEndView: Event<ViewEndedNotification>;
  /** The socket is gone and stays so. */
  readonly onDidClose: Event<ControlEnd>;

  /** @throws RpcError as the executor answered, ExecServerError `connectionClosed` when it is gone. */
  request<M extends ControlMethod>(
    method: M,
    params: CallParamsOf<ControlRequests, M>,
  ): Promise<ResultOf<ControlRequests, M>>;

  /** Tells that a view has shown this many more bytes. */
  acknowledge(viewId: number, bytes: number): void;
}
