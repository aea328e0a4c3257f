import type { EnvironmentView } from '../../control/messages';

/**
 * Knows when a remote is lost: when it becomes unreachable, not again while it is tried, and anew after it
 * was there or agents were sent elsewhere.
 */
export class LossWatch {
  private lost: string | undefined;

  /** Looks at the environment once more; `true` when the user has to hear of a loss. */
  isLoss({ mode, remote, health }: EnvironmentView): boolean {
    const place = `${mode} ${remote?.name ?? ''} ${remote?.address ?? ''}`;
    if (this.lost !== undefined && (this.lost !== place || health === 'ready')) {
      this.lost = undefined;
    }
    if (health !== 'unreachable' || this.lost === place) return false;
    this.lost = place;
    return true;
  }
}
