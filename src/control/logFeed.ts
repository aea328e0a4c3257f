import type { Disposable } from '../base/lifecycle';
import { DisposableStore } from '../base/lifecycle';
import type { MessageTransport } from '../rpc/transport';
import type { LogNotification } from './messages';
import type { RecentLog } from './recentLog';

/**
 * Hands the log to one window: what is kept, then every line. A window that does not take it fast enough
 * is told how many lines it missed; its queue does not grow meanwhile.
 */
export class LogFeed implements Disposable {
  private readonly store = new DisposableStore();
  private position = 0;
  private started = false;

  constructor(
    private readonly log: RecentLog,
    private readonly transport: Pick<MessageTransport, 'isCongested' | 'onDidChangeCongestion'>,
    private readonly send: (line: LogNotification) => void,
  ) {
    const pump = (): void => {
      this.pump();
    };
    this.store.add(log.onDidAppend(pump));
    this.store.add(transport.onDidChangeCongestion(pump));
  }

  start(): void {
    this.started = true;
    this.pump();
  }

  dispose(): void {
    this.started = false;
    this.store.dispose();
  }

  private pump(): void {
    if (!this.started || this.transport.isCongested) return;
    const { lines, missed, position } = this.log.readAfter(this.position);
    this.position = position;
    if (missed > 0) this.send({ level: 'info', line: `${missed} earlier lines are not kept` });
    for (const line of lines) this.send(line);
  }
}
