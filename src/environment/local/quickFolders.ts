import { statfs } from 'node:fs/promises';
import { isLocalFileSystem } from './localFileSystemTypes';

/** Folders remembered: as many as an agent works in at a time, and little memory. */
const MAX_FOLDERS = 1024;

/**
 * Knows which folders answer a system call without waiting for another machine or program. A call there
 * costs microseconds; in a network folder it may hang for as long as the network does.
 */
export class QuickFolders {
  private readonly known = new Map<string, boolean>();

  /** @returns false for a folder not looked at yet, which is being done from here on. */
  isQuick(folder: string): boolean {
    const quick = this.known.get(folder);
    if (quick !== undefined) return quick;
    // Nothing on the way: a folder that hangs is asked about once, not at every call.
    this.remember(folder, false);
    statfs(folder).then(
      ({ type }) => {
        this.remember(folder, isLocalFileSystem(type));
      },
      () => {
        // It does not exist yet, or may not be looked at. The next call shall ask again.
        this.known.delete(folder);
      },
    );
    return false;
  }

  private remember(folder: string, quick: boolean): void {
    this.known.set(folder, quick);
    if (this.known.size <= MAX_FOLDERS) return;
    for (const oldest of this.known.keys()) {
      this.known.delete(oldest);
      return;
    }
  }
}
