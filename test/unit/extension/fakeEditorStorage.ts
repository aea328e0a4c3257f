/** The editor's secret storage, in memory. */
export class FakeSecrets {
  private readonly kept = new Map<string, string>();

  get size(): number {
    return this.kept.size;
  }

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.kept.get(key));
  }

  store(key: string, value: string): Promise<void> {
    this.kept.set(key, value);
    return Promise.resolve();
  }

  delete(key: string): Promise<void> {
    this.kept.delete(key);
    return Promise.resolve();
  }
}

/** The editor's memory for a workspace. */
export class FakeMemento {
  private readonly kept = new Map<string, unknown>();

  get(key: string): unknown {
    return this.kept.get(key);
  }

  update(key: string, value: unknown): Promise<void> {
    if (value === undefined) this.kept.delete(key);
    else this.kept.set(key, JSON.parse(JSON.stringify(value)));
    return Promise.resolve();
  }
}
