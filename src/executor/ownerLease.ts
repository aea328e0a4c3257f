import type { Clock } from '../base/clock';
import type { Disposable } from '../base/lifecycle';
import { MutableDisposable } from '../base/lifecycle';

/** Ends the executor when no window has owned it for the grace time. A window that returns renews it. */
export class OwnerLease implements Disposable {
  private readonly countdown = new MutableDisposable<Disposable>();
  private owners = 0;

  constructor(
    private graceMs: number,
    private readonly clock: Clock,
    private readonly expire: () => void,
  ) {
    this.startCountdown();
  }

  setOwners(owners: number): void {
    this.owners = owners;
    if (owners > 0) this.countdown.value = undefined;
    else this.startCountdown();
  }

  /** Counts from now on, also for a countdown under way. */
  setGrace(graceMs: number): void {
    this.graceMs = graceMs;
    if (this.owners === 0) this.startCountdown();
  }

  dispose(): void {
    this.countdown.dispose();
  }

  private startCountdown(): void {
    this.countdown.value = this.clock.schedule(this.expire, this.graceMs);
  }
}
