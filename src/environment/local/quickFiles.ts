import {
  closeSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  readlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { descriptorPath } from './heldDirectory';
import { openFlags } from './openFlags';
import { CREATED_FILE_MODE } from './regularFile';
import { QuickFolders } from './quickFolders';

/** Largest file handled here: at memory speed a few microseconds, so nobody waits for it noticeably. */
const MAX_QUICK_BYTES = 64 * 1024;

/** What is asked before a file is changed. */
export interface QuickWriteScope {
  /** @returns `undefined` where it cannot be told at once. */
  allowsNow(realPath: string): boolean | undefined;
}

/**
 * Reads and writes small files in folders that answer at once, without a round through the
 * thread pool for each system call: six for a read, ten for a write, each dearer than the call itself.
 * Whatever is out of the ordinary is left alone and answered with `undefined`: the caller then goes the
 * long way, which does everything and tells what is wrong. Linux only, because of `/proc/self/fd`.
 */
export class QuickFiles {
  private readonly folders = new QuickFolders();

  constructor(private readonly writeScope: QuickWriteScope) {}

  /** The content of a regular file, links followed. */
  read(path: string): Buffer | undefined {
    if (!this.isQuick(path, dirname(path))) return undefined;
    return attempt(() => {
      // Known before it is opened, because opening a device can set it going.
      const kind = lstatSync(path);
      if (!kind.isFile() || kind.size > MAX_QUICK_BYTES) return undefined;
      return withDescriptor(openSync(path, openFlags.readNoFollow), readSmall);
    });
  }

  /** Replaces the content of a regular file in place. @returns whether that is done. */
  write(path: string, data: Buffer): boolean {
    const folder = dirname(path);
    if (data.length > MAX_QUICK_BYTES || !this.isQuick(path, folder)) return false;
    const written = attempt(() => {
      const held = openSync(folder, openFlags.holdLinkedDirectory);
      return withDescriptor(held, (directory) =>
        this.writeInto(descriptorPath(directory), basename(path), data),
      );
    });
    return written ?? false;
  }

  /** A path with a slash at its end, or dots on its way, says more than folder and name do. */
  private isQuick(path: string, folder: string): boolean {
    return join(folder, basename(path)) === path && this.folders.isQuick(folder);
  }

  /**
   * Names are used in a directory held open, and the scope judges where the system says that is: nobody
   * can lead them elsewhere by swapping a link into the path.
   */
  private writeInto(directory: string, name: string, data: Buffer): boolean {
    const realPath = join(readlinkSync(directory), name);
    if (this.writeScope.allowsNow(realPath) !== true) return false;
    const entry = `${directory}/${name}`;
    const kind = lstatSync(entry, { throwIfNoEntry: false });
    if (kind?.isFile() === false) return false;
    const opened = openSync(entry, openFlags.writeNoFollow, CREATED_FILE_MODE);
    return withDescriptor(opened, (file) => {
      const stats = fstatSync(file);
      if (!stats.isFile()) return false;
      for (let at = 0; at < data.length;) at += writeSync(file, data, at, data.length - at, at);
      // Last: a file emptied first makes ext4 write the rest to the disk at once, a thousand times dearer.
      if (stats.size > data.length) ftruncateSync(file, data.length);
      return true;
    });
  }
}

function readSmall(file: number): Buffer | undefined {
  const stats = fstatSync(file);
  // Another file may have taken the name since it was looked at.
  if (!stats.isFile() || stats.size > MAX_QUICK_BYTES) return undefined;
  // One byte more than there should be: where it is filled, the file has grown or said less than it holds.
  const content = Buffer.allocUnsafeSlow(stats.size + 1);
  let length = 0;
  for (;;) {
    const count = readSync(file, content, length, content.length - length, length);
    length += count;
    if (length === content.length) return undefined;
    // All there was when it was looked at. To read on would only tell that this was the end.
    if (count === 0 || length === stats.size) return content.subarray(0, length);
  }
}

/** Failures are for the long way to meet again and to tell. */
function attempt<T>(work: () => T | undefined): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function withDescriptor<T>(descriptor: number, use: (descriptor: number) => T): T {
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
