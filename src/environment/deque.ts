/** Removed slots tolerated at the front before they are cut off; keeps `shift` O(1) amortised. */
const maxUnusedSlots = 1024;

/** A queue with access by index that never moves its items one by one, as `Array.shift` does. */
export class Deque<T> {
  private slots: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.slots.length - this.head;
  }

  push(item: T): void {
    this.slots.push(item);
  }

  /** Takes the oldest item out. */
  shift(): T | undefined {
    if (this.head === this.slots.length) return undefined;
    const item = this.slots[this.head];
    this.slots[this.head] = undefined;
    this.head += 1;
    if (this.head >= maxUnusedSlots && this.head * 2 >= this.slots.length) {
      this.slots = this.slots.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  /** The item `index` places behind the oldest one. */
  at(index: number): T | undefined {
    return index < 0 ? undefined : this.slots[this.head + index];
  }

  clear(): void {
    this.slots = [];
    this.head = 0;
  }

  /** How many items at the front fulfil a condition that holds for a prefix only. */
  prefixLength(holds: (item: T) => boolean): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const item = this.at(middle);
      if (item !== undefined && holds(item)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
