import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DirectoryEntry } from '../../protocol/fileSystemMessages';
import { FILES_AT_ONCE, forEachBounded } from './forEachBounded';

/** Entries fetched per call; large enough that 30,000 of them are a hundred calls. */
const ENTRIES_AT_ONCE = 256;

/** The entries of a directory in the system's order; kinds follow links, those that lead nowhere are left out. */
export async function readDirectory(path: string): Promise<DirectoryEntry[]> {
  const entries: (DirectoryEntry | undefined)[] = [];
  const links: { readonly index: number; readonly name: string }[] = [];
  for await (const entry of await opendir(path, { bufferSize: ENTRIES_AT_ONCE })) {
    if (entry.isSymbolicLink()) links.push({ index: entries.length, name: entry.name });
    entries.push(describe(entry.name, entry));
  }
  await forEachBounded(links, FILES_AT_ONCE, async ({ index, name }) => {
    entries[index] = await describeTarget(path, name);
  });
  return entries.filter((entry) => entry !== undefined);
}

async function describeTarget(path: string, name: string): Promise<DirectoryEntry | undefined> {
  try {
    return describe(name, await stat(join(path, name)));
  } catch {
    // Dangling, looping or behind a directory without rights: it leads nowhere for this user.
    return undefined;
  }
}

function describe(fileName: string, kind: Pick<Dirent, 'isDirectory' | 'isFile'>): DirectoryEntry {
  return { fileName, isDirectory: kind.isDirectory(), isFile: kind.isFile() };
}
