import type { Clock } from '../base/clock';
import { toError } from '../base/errors';
import { MutableDisposable } from '../base/lifecycle';
import { isFinalFailure } from './finalFailure';
import type { ReconnectEvent, ReconnectLimits, ReconnectState } from './reconnect';
import { nextReconnectState } from './reconnect';

export interface ReconnectorOptions {
  readonly limits: ReconnectLimits;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly jitter: () => number;
  /** Makes a connection and takes up the session; whatever it still does when the state has ended is in vain. */
  readonly attempt: () => Promise<void>;
  readonly onDidChange: (state: ReconnectState) => void;
}

/** Gives the reconnect states their timers and attempts. */
export class Reconnector {
  private current: ReconnectState = { kind: 'connected' };
  private readonly dueTimer = new MutableDisposable();
  private readonly deadlineTimer = new MutableDisposable();

  constructor(private readonly options: ReconnectorOptions) {}

  get state(): ReconnectState {
    return this.current;
  }

  /** @param isFinal whether the session cannot be taken up again. */
  lose(reason: string, isFinal: boolean): void {
    this.take({ kind: 'lost', reason, isFinal, nowMs: this.options.clock.now() });
  }

  close(reason: string): void {
    this.take({ kind: 'closed', reason });
  }

  private take(event: ReconnectEvent): void {
    const state = nextReconnectState(this.current, event, this.options.limits);
    if (state === this.current) return;
    const wasConnected = this.current.kind === 'connected';
    this.current = state;
    if (state.kind === 'connected' || state.kind === 'ended') this.stopTimers();
    else if (wasConnected) this.startDeadline();
    this.options.onDidChange(state);
    if (state !== this.current) return;
    if (state.kind === 'waiting') this.wait(state.delayMs);
    else if (state.kind === 'attempting') void this.attempt();
  }

  private wait(delayMs: number): void {
    this.dueTimer.value = this.options.clock.schedule(() => {
      this.take({ kind: 'due' });
    }, delayMs);
  }

  private async attempt(): Promise<void> {
    const { attempt, clock, jitter } = this.options;
    try {
      await attempt();
      this.take({ kind: 'resumed' });
    } catch (error) {
      const { message: reason } = toError(error);
      const isFinal = isFinalFailure(error);
      this.take({ kind: 'attemptFailed', reason, isFinal, nowMs: clock.now(), jitter: jitter() });
    }
  }

  private startDeadline(): void {
    const { clock, limits } = this.options;
    this.deadlineTimer.value = clock.schedule(() => {
      this.take({ kind: 'deadline' });
    }, limits.recoveryDeadlineMs);
  }

  private stopTimers(): void {
    this.dueTimer.value = undefined;
    this.deadlineTimer.value = undefined;
  }
}
