import type { Disposable } from '../base/lifecycle';
import { MutableDisposable } from '../base/lifecycle';
import { encodeNotification } from '../protocol/envelope';
import type { Attachment } from './attachment';

/** Begins to watch; `undefined` where that is not possible. */
export type StartWatch = (onDidChange: () => void) => Promise<Disposable | undefined>;

/** The one watch of a connection. It tells once and is over then. */
export class MissingWatch implements Disposable {
  private current: { readonly watchId: number; readonly watch: Disposable } | undefined;

  constructor(private readonly attachment: Pick<Attachment, 'notify'>) {}

  /**
   * Ends the watch there is, whatever becomes of the next.
   *
   * @param start absent: there is no next one.
   * @returns whether it watches now.
   */
  async replace(watchId: number, start: StartWatch | undefined): Promise<boolean> {
    this.dispose();
    if (start === undefined) return false;
    const watch = new MutableDisposable<Disposable>();
    const begun = { watchId, watch };
    this.current = begun;
    try {
      watch.value = await start(() => {
        if (this.current === begun) this.fire();
      });
      return watch.value !== undefined;
    } finally {
      if (watch.value === undefined && this.current === begun) this.current = undefined;
    }
  }

  /** Tells that something may have changed, if anybody watches. */
  fire(): void {
    const fired = this.current;
    if (fired === undefined) return;
    // Not in this moment: the client must have the answer before it hears about a change.
    setImmediate(() => {
      if (this.current !== fired) return;
      this.dispose();
      const { watchId } = fired;
      this.attachment.notify(encodeNotification('fs/missingChanged', { watchId }));
    });
  }

  dispose(): void {
    this.current?.watch.dispose();
    this.current = undefined;
  }
}
