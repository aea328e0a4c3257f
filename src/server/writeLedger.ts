import type { WriteStatus } from '../protocol/processMessages';

/**
 * Remembers which writes of a process were accepted, so that a client may repeat one whose answer it
 * never saw. Bounded: the oldest id is forgotten first.
 */
export class WriteLedger {
  private readonly outcomes = new Map<string, Promise<WriteStatus>>();

  constructor(private readonly maxRememberedIds: number) {}

  /** The outcome of a write that was accepted or still waits. */
  find(writeId: string): Promise<WriteStatus> | undefined {
    return this.outcomes.get(writeId);
  }

  /**
   * Performs a write once per id. A repeated id gets the outcome of the first write, also while that
   * one still waits; a write that was not accepted is forgotten, so it can be tried again.
   */
  write(writeId: string, perform: () => Promise<WriteStatus>): Promise<WriteStatus> {
    const earlier = this.find(writeId);
    if (earlier !== undefined) return earlier;
    const outcome = perform();
    this.outcomes.set(writeId, outcome);
    const [oldest] = this.outcomes.keys();
    if (this.outcomes.size > this.maxRememberedIds && oldest !== undefined) {
      this.outcomes.delete(oldest);
    }
    const forgetUnlessAccepted = (status?: WriteStatus): void => {
      if (status === 'accepted' || this.outcomes.get(writeId) !== outcome) return;
      this.outcomes.delete(writeId);
    };
    outcome.then(forgetUnlessAccepted, () => {
      forgetUnlessAccepted();
    });
    return outcome;
  }
}
