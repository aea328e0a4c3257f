/** An entry as `fs/readDirectory` names it. */
export interface ListedEntry {
  readonly fileName: string;
  readonly isDirectory: boolean;
  readonly isFile: boolean;
}

export interface ListingOptions {
  /** Levels of folders: 1 is what is in the folder itself. */
  readonly depth: number;
  /** The first entry to show, from 1. */
  readonly first: number;
  readonly count: number;
  /** Entries looked through, shown or not, after which it ends. */
  readonly maxScanned: number;
}

/** Reads one folder; the names lead to it from the one that is listed. */
export type FolderReader = (names: readonly string[]) => Promise<readonly ListedEntry[]>;

/** The entries below a folder, each after its folder and indented by its level; folders end with a slash. */
export async function directoryListing(
  read: FolderReader,
  options: ListingOptions,
): Promise<string> {
  const listing = new Listing(read, options);
  await listing.add([], options.depth);
  return listing.text();
}

class Listing {
  private readonly lines: string[] = [];
  private scanned = 0;
  private hasMore = false;

  constructor(
    private readonly read: FolderReader,
    private readonly options: ListingOptions,
  ) {}

  async add(names: readonly string[], depth: number): Promise<void> {
    for (const entry of await this.sortedEntries(names)) {
      if (this.isFull) {
        this.hasMore = true;
        return;
      }
      this.take(entry, names.length);
      if (entry.isDirectory && depth > 1) await this.add([...names, entry.fileName], depth - 1);
    }
  }

  text(): string {
    const { first, maxScanned } = this.options;
    const lines = [...this.lines];
    if (lines.length === 0) {
      lines.push(
        this.scanned === 0 ? 'The folder is empty.' : `There are only ${this.scanned} entries.`,
      );
    }
    if (this.hasMore) {
      lines.push(
        this.scanned >= maxScanned
          ? `… more entries; only the first ${maxScanned} can be listed. List a folder further down.`
          : `… more entries; go on with offset ${first + this.lines.length}.`,
      );
    }
    return lines.join('\n');
  }

  private get isFull(): boolean {
    return this.lines.length >= this.options.count || this.scanned >= this.options.maxScanned;
  }

  private take(entry: ListedEntry, level: number): void {
    this.scanned++;
    if (this.scanned < this.options.first) return;
    // Neither file nor folder: a socket, a device, a pipe.
    const mark = entry.isDirectory ? '/' : entry.isFile ? '' : '?';
    this.lines.push(`${'  '.repeat(level)}${oneLine(entry.fileName)}${mark}`);
  }

  private async sortedEntries(names: readonly string[]): Promise<readonly ListedEntry[]> {
    const entries = await this.entriesOf(names);
    return entries.toSorted((a, b) => (a.fileName < b.fileName ? -1 : 1));
  }

  /** A folder further down that cannot be read must not hide the others. */
  private async entriesOf(names: readonly string[]): Promise<readonly ListedEntry[]> {
    if (names.length === 0) return this.read(names);
    try {
      return await this.read(names);
    } catch {
      // It is listed by its name, and asking for it by itself tells the reason.
      return [];
    }
  }
}

/** A line break in a name would make an entry of its own. */
function oneLine(name: string): string {
  return /[\n\r]/.test(name) ? JSON.stringify(name) : name;
}
