import type { ClientProcessEvent } from './clientProcess';

/** What a server numbers. */
export type NumberedEvent = Exclude<ClientProcessEvent, { readonly type: 'failed' }>;

/**
 * Puts the events of a process in order: each is published once, after the one before it. What came too
 * early is held.
 */
export class EventOrder {
  private readonly held = new Map<number, NumberedEvent>();
  private lastPublished = 0;
  private bytes = 0;
  private readonly known = { exited: false, closed: false };

  constructor(private readonly publish: (event: NumberedEvent) => void) {}

  get lastSeq(): number {
    return this.lastPublished;
  }

  /** Whether something is missing before what has come. */
  get hasGap(): boolean {
    return this.held.size > 0;
  }

  get heldEvents(): number {
    return this.held.size;
  }

  get heldBytes(): number {
    return this.bytes;
  }

  /** The numbers held, in order. */
  get heldSeqs(): readonly number[] {
    return [...this.held.keys()].sort((a, b) => a - b);
  }

  knows(type: 'exited' | 'closed'): boolean {
    return this.known[type];
  }

  /** Takes an event; one that was there before changes nothing. */
  offer(event: NumberedEvent): void {
    if (event.seq <= this.lastPublished || this.held.has(event.seq)) return;
    if (event.type !== 'output') this.known[event.type] = true;
    if (event.seq !== this.lastPublished + 1) {
      this.hold(event);
      return;
    }
    this.lastPublished = event.seq;
    this.publish(event);
    if (this.held.size > 0) this.publishHeld();
  }

  clear(): void {
    this.held.clear();
    this.bytes = 0;
  }

  private hold(event: NumberedEvent): void {
    if (event.type === 'output') this.bytes += event.chunk.length;
    // A small piece must not keep the whole memory it was received in.
    const kept = event.type === 'output' ? { ...event, chunk: Buffer.from(event.chunk) } : event;
    this.held.set(event.seq, kept);
  }

  private publishHeld(): void {
    for (
      let event = this.held.get(this.lastPublished + 1);
      event !== undefined;
      event = this.held.get(this.lastPublished + 1)
    ) {
      this.held.delete(event.seq);
      if (event.type === 'output') this.bytes -= event.chunk.length;
      this.lastPublished = event.seq;
      this.publish(event);
    }
  }
}
