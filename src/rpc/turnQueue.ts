/** Turns taken before their places in the list are given back: rarely enough to cost nothing per turn. */
const COMPACT_AFTER = 64;

/** One message's work. A promise holds the turn until it settles; anything else passes it on at once. */
export type TurnWork = () => Promise<void> | undefined;

/**
 * Lets the messages of one connection take effect in the order they came. Work that has to wait for
 * something else takes effect first and returns nothing, so that it never holds up the others.
 */
export class TurnQueue {
  private readonly waiting: (TurnWork | undefined)[] = [];
  private head = 0;
  private busy = false;
  private stopped = false;

  /** @param onDidAdvance runs after turns have been taken, to let a paused sender go on. */
  constructor(private readonly onDidAdvance: () => void = () => undefined) {}

  /** Messages that have not had their turn. */
  get length(): number {
    return this.waiting.length - this.head;
  }

  push(turn: TurnWork): void {
    if (this.stopped) return;
    this.waiting.push(turn);
    if (!this.busy) this.advance();
  }

  /** Forgets what has not had its turn. */
  stop(): void {
    this.stopped = true;
    this.waiting.length = 0;
    this.head = 0;
  }

  private advance(): void {
    this.busy = true;
    for (let turn = this.next(); turn !== undefined; turn = this.next()) {
      const held = turn();
      if (held !== undefined) {
        void held.then(this.release, this.release);
        return;
      }
    }
    this.busy = false;
    this.onDidAdvance();
  }

  private readonly release = (): void => {
    this.onDidAdvance();
    this.advance();
  };

  private next(): TurnWork | undefined {
    if (this.head === this.waiting.length) return undefined;
    const turn = this.waiting[this.head];
    // A queue that never runs empty must not keep the messages it has done with.
    this.waiting[this.head] = undefined;
    this.head += 1;
    if (this.head === this.waiting.length || this.head >= COMPACT_AFTER) {
      this.waiting.splice(0, this.head);
      this.head = 0;
    }
    return turn;
  }
}
