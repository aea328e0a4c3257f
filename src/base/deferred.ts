/** A promise with its two ends outside. Settling it twice has no effect. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  private resolvePromise: (value: T) => void = () => undefined;
  private rejectPromise: (error: Error) => void = () => undefined;
  private settled = false;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolvePromise = resolve;
      this.rejectPromise = reject;
    });
    // A rejection nobody waits for is not a crash: whoever asks later still gets it.
    this.promise.catch(() => undefined);
  }

  get isSettled(): boolean {
    return this.settled;
  }

  resolve(value: T): void {
    this.settled = true;
    this.resolvePromise(value);
  }

  reject(error: Error): void {
    this.settled = true;
    this.rejectPromise(error);
  }
}
