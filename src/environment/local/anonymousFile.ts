import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Disposable } from '../../base/lifecycle';

/** O_TMPFILE of open(2) on Linux, which Node does not name: a file that never has a name. */
const temporaryFlag = 0o20000000 | constants.O_DIRECTORY;

const mode = 0o600;

/**
 * A file without a name: gone with the executor however that ends, and out of reach of programs that may write
 * to the temporary folder but not see the executor, as confined ones. Linux only.
 */
export class AnonymousFile implements Disposable {
  private isOpen = true;

  private constructor(private readonly fd: number) {}

  static create(): AnonymousFile {
    try {
      return new AnonymousFile(openSync(tmpdir(), temporaryFlag | constants.O_RDWR, mode));
    } catch {
      // Not every file system has such files; whatever else is wrong will show again.
      const folder = mkdtempSync(path.join(tmpdir(), 'exec-server-'));
      try {
        return new AnonymousFile(openSync(path.join(folder, 'file'), 'wx+', mode));
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  }

  /** Where other programs of the same user open it, each from the start. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.fd}`;
  }

  get size(): number {
    return fstatSync(this.fd).size;
  }

  read(): Buffer {
    const bytes = Buffer.alloc(this.size);
    let length = 0;
    for (;;) {
      const count = readSync(this.fd, bytes, length, bytes.length - length, length);
      length += count;
      if (count === 0 || length === bytes.length) return bytes.subarray(0, length);
    }
  }

  write(bytes: Buffer): void {
    ftruncateSync(this.fd, 0);
    for (let written = 0; written < bytes.length;) {
      written += writeSync(this.fd, bytes, written, bytes.length - written, written);
    }
  }

  dispose(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closeSync(this.fd);
  }
}
