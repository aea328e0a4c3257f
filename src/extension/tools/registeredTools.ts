import type { Disposable } from '../../base/lifecycle';
import type { Capabilities } from '../../environment/environment';
import type { ToolEntry } from './toolTable';

/** Keeps those tools registered whose capability is on. */
export class RegisteredTools implements Disposable {
  private readonly registrations = new Map<string, Disposable>();
  private disposed = false;

  constructor(
    private readonly table: readonly ToolEntry[],
    private readonly register: (entry: ToolEntry) => Disposable,
  ) {}

  /** Absent capabilities: nothing can be done at all. */
  offer(capabilities: Capabilities | undefined): void {
    for (const entry of this.table) {
      const registration = this.registrations.get(entry.name);
      const isOn = !this.disposed && capabilities?.[entry.capability] === true;
      if (isOn && registration === undefined) {
        this.registrations.set(entry.name, this.register(entry));
      } else if (!isOn && registration !== undefined) {
        this.registrations.delete(entry.name);
        registration.dispose();
      }
    }
  }

  dispose(): void {
    this.disposed = true;
    this.offer(undefined);
  }
}
