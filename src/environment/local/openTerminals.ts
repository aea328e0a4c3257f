import { closeSync, openSync } from 'node:fs';

/** A slot of `spawn`'s stdio option beyond the three standard ones. */
export type ExtraSlot = 'ignore' | number;

/**
 * Master descriptors of open terminals. node-pty does not mark them close-on-exec, so a program
 * started meanwhile would inherit them and could read and type into somebody else's terminal.
 */
export class OpenTerminals {
  private readonly masters = new Set<number>();

  add(fd: number): void {
    this.masters.add(fd);
  }

  delete(fd: number): void {
    this.masters.delete(fd);
  }

  /**
   * Runs `fork`, whose child marks its descriptors close-on-exec one after the other but stops at the
   * first free number above 15. So no number below the highest master is left free meanwhile.
   */
  fillGaps<T>(fork: () => T): T {
    const highest = Math.max(0, ...this.masters);
    const fillers: number[] = [];
    try {
      while (this.masters.size > 0 && (fillers.at(-1) ?? 0) <= highest) {
        fillers.push(openSync('/dev/null', 'r'));
      }
      return fork();
    } finally {
      for (const fd of fillers) closeSync(fd);
    }
  }

  /** Runs `spawnChild` with slots beyond stderr that cover every master with the null device. */
  cover<T>(spawnChild: (extraSlots: readonly ExtraSlot[]) => T): T {
    if (this.masters.size === 0) return spawnChild([]);
    const nullDevice = openSync('/dev/null', 'r+');
    try {
      const slots: ExtraSlot[] = [];
      for (let fd = 3; fd <= Math.max(...this.masters); fd += 1) {
        slots.push(this.masters.has(fd) ? nullDevice : 'ignore');
      }
      return spawnChild(slots);
    } finally {
      closeSync(nullDevice);
    }
  }
}
