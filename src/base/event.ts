import type { Disposable } from './lifecycle';
import { toDisposable } from './lifecycle';

/** Subscribes a listener; the returned disposable ends the subscription. */
export type Event<T> = (listener: (value: T) => void) => Disposable;

/**
 * Tells facts to listeners, in the order of subscription. Listeners are copied before firing, so one
 * that subscribes or leaves while an event is on its way changes only the next one. A listener that
 * throws does not stop the others; its error goes to `onListenerError`.
 */
export class Emitter<T> implements Disposable {
  private listeners: readonly ((value: T) => void)[] = [];

  constructor(private readonly onListenerError: (error: unknown) => void = rethrowLater) {}

  readonly event: Event<T> = (listener) => {
    const entry = (value: T): void => {
      listener(value);
    };
    this.listeners = [...this.listeners, entry];
    return toDisposable(() => {
      this.listeners = this.listeners.filter((candidate) => candidate !== entry);
    });
  };

  get hasListeners(): boolean {
    return this.listeners.length > 0;
  }

  fire(value: T): void {
    for (const listener of this.listeners) {
      try {
        listener(value);
      } catch (error) {
        this.onListenerError(error);
      }
    }
  }

  dispose(): void {
    this.listeners = [];
  }
}

/** A listener's bug must reach the process-wide handler, but never the code that fired the event. */
function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
