import type { Clock } from '../../base/clock';
import type { Limits } from '../../base/limits';

/** What can be told to stop reading for a while. */
interface Receiver {
  setReceivingPaused(paused: boolean): void;
}

/**
 * Keeps a flood of output from taking the whole extension host, which all extensions share: beyond a
 * share of each interval nothing more is read, and the program at the other end feels it.
 */
export class OutputBrake {
  private bytes = 0;
  private isCounting = false;

  constructor(
    private readonly receiver: Receiver,
    private readonly limits: Limits,
    private readonly clock: Clock,
  ) {}

  count(bytes: number): void {
    this.bytes += bytes;
    if (!this.isCounting) this.begin();
    if (this.bytes >= this.limits.maxToolOutputBytesPerInterval) {
      this.receiver.setReceivingPaused(true);
    }
  }

  private begin(): void {
    this.isCounting = true;
    this.clock.schedule(() => {
      const wasFull = this.bytes >= this.limits.maxToolOutputBytesPerInterval;
      this.bytes = 0;
      this.isCounting = false;
      if (wasFull) this.receiver.setReceivingPaused(false);
    }, this.limits.toolOutputIntervalMs);
  }
}
