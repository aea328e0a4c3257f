import type { Disposable } from '../../../base/lifecycle';
import { DisposableStore } from '../../../base/lifecycle';
import type { FileSystem } from '../../fileSystem';
import type { Sandbox } from '../../sandbox';
import { ConfinedFiles } from './confinedFiles';
import type { ConfinedFilesOptions } from './confinedFiles';
import type { Confinement } from './confinement';
import type { LinuxConfinementOptions } from './linuxConfinement';
import { LinuxConfinement } from './linuxConfinement';
import { MacConfinement } from './macConfinement';

/** What this machine's means to confine are made from. */
export interface LocalConfinementOptions
  extends LinuxConfinementOptions, Omit<ConfinedFilesOptions, 'confinement' | 'helperCommand'> {
  /** Absent: file operations cannot be confined. */
  readonly helperCommand: ConfinedFilesOptions['helperCommand'] | undefined;
}

/** The means to confine programs and file operations on this platform, where there are any. */
export class LocalConfinement implements Disposable {
  private readonly store = new DisposableStore();
  readonly programs?: Confinement;
  readonly files?: { within(sandbox: Sandbox): FileSystem };

  constructor(options: LocalConfinementOptions) {
    const confinement = confinementHere(options);
    if (confinement === undefined) return;
    if (confinement instanceof LinuxConfinement) this.store.add(confinement);
    this.programs = confinement;
    const { helperCommand } = options;
    if (helperCommand === undefined) return;
    this.files = this.store.add(new ConfinedFiles({ ...options, helperCommand, confinement }));
  }

  /** Whether there is a way here and it works. */
  async isAvailable(): Promise<boolean> {
    try {
      await this.programs?.check();
      return this.programs !== undefined;
    } catch {
      // The reason is in the answer to whoever asks for a sandbox.
      return false;
    }
  }

  dispose(): void {
    this.store.dispose();
  }
}

function confinementHere(options: LocalConfinementOptions) {
  if (process.platform === 'linux') return new LinuxConfinement(options);
  return process.platform === 'darwin' ? new MacConfinement(options) : undefined;
}
