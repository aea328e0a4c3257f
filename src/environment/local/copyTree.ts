import type { BigIntStats, Dirent } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { lstat, readdir, readlink, realpath, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { invalidRequest } from '../../protocol/errorCodes';
import { createDirectory, makeDirectory } from './createDirectory';
import { FILES_AT_ONCE, forEachBounded } from './forEachBounded';
import { HeldDirectory, inDirectory } from './heldDirectory';
import type { WriteTarget } from './regularFile';
import { fill, lstatIfPresent, withFileToRead, withFileToWrite } from './regularFile';
import { isSameFile } from './sameFile';
import { systemError } from './systemError';
import { atWritablePlace } from './writablePlace';
import type { WriteScope } from './writeScope';
import { isInside } from './writeScope';

/** Bytes moved at a time between two files. */
const COPY_STEP_BYTES = 1024 * 1024;

/** Permissions that go with a copy. Set-user-id and its kin do not: the copy has another owner. */
const COPIED_MODE = 0o777;

/**
 * Copies a file, a link as a link, or a directory with all in it. Directories are merged into those that
 * exist; a link where another is to be made is an error.
 */
export async function copyTree(
  scope: WriteScope,
  source: string,
  destination: string,
  options: { readonly recursive: boolean },
): Promise<void> {
  const stats = await lstat(source);
  if (stats.isSymbolicLink()) {
    await atWritablePlace(scope, destination, { keepLastLink: true }, (directory, name) =>
      copyLink(source, directory.pathOf(name)),
    );
  } else if (stats.isFile()) {
    await copyFileTo(scope, source, destination);
  } else if (!stats.isDirectory()) {
    throw invalidRequest('fs/copy only supports regular files, directories, and symlinks');
  } else if (!options.recursive) {
    throw invalidRequest('fs/copy requires recursive: true when sourcePath is a directory');
  } else {
    const realDestination = await scope.resolveForWriting(destination);
    if (isInside(await realpath(source), realDestination)) {
      throw invalidRequest('fs/copy cannot copy a directory to itself or one of its descendants');
    }
    await copyDirectoryTo(scope, source, destination);
  }
}

async function copyFileTo(scope: WriteScope, source: string, destination: string): Promise<void> {
  await atWritablePlace(scope, destination, { keepLastLink: false }, (directory, name) =>
    copyFile(source, { directory, name, askedPath: destination }),
  );
}

async function copyDirectoryTo(
  scope: WriteScope,
  source: string,
  destination: string,
): Promise<void> {
  await createDirectory(scope, destination, { recursive: true });
  const real = await scope.resolveForWriting(destination);
  await inDirectory(HeldDirectory.open(real), async (directory) => {
    await scope.requireInside(directory.realPath, destination);
    await copyContents(scope, source, directory);
  });
}

async function copyContents(scope: WriteScope, source: string, into: HeldDirectory): Promise<void> {
  // All names are read before the first is copied, so what the copy itself makes is not copied again.
  const entries = await readdir(source, { withFileTypes: true });
  const isDirectory = (entry: Dirent): boolean => entry.isDirectory();
  const others = entries.filter((entry) => !isDirectory(entry));
  await forEachBounded(others, FILES_AT_ONCE, (entry) => copyChild(scope, source, entry, into));
  for (const entry of entries.filter(isDirectory)) {
    await copySubdirectory(scope, source, entry.name, into);
  }
}

async function copyChild(
  scope: WriteScope,
  parent: string,
  entry: Dirent,
  into: HeldDirectory,
): Promise<void> {
  const source = join(parent, entry.name);
  const askedPath = join(into.realPath, entry.name);
  // A scope may except names within a folder.
  await scope.requireInside(askedPath, askedPath);
  if (entry.isSymbolicLink()) {
    await copyLink(source, into.pathOf(entry.name));
  } else if (entry.isFile()) {
    const there = await lstatIfPresent(into.pathOf(entry.name));
    // Through a link the copy may leave the directory, so the scope has to judge where it goes.
    if (there?.isSymbolicLink() === true) await copyFileTo(scope, source, askedPath);
    else await copyFile(source, { directory: into, name: entry.name, askedPath });
  }
  // Fifos, sockets and devices inside a tree are left out, as by the measured peer.
}

async function copySubdirectory(
  scope: WriteScope,
  parent: string,
  name: string,
  into: HeldDirectory,
): Promise<void> {
  const source = join(parent, name);
  const askedPath = join(into.realPath, name);
  const there = await lstatIfPresent(into.pathOf(name));
  if (there?.isSymbolicLink() === true) {
    await copyDirectoryTo(scope, source, askedPath);
    return;
  }
  await scope.requireInside(askedPath, askedPath);
  await makeDirectory(into, name, true);
  await inDirectory(into.enter(name), (directory) => copyContents(scope, source, directory));
}

async function copyLink(source: string, destination: string): Promise<void> {
  await symlink(await readlink(source), destination);
}

async function copyFile(source: string, target: WriteTarget): Promise<void> {
  await withFileToRead(source, { followSymlinks: false }, async (from, fromStats) => {
    const mode = permissionsOf(fromStats);
    await withFileToWrite({ ...target, createMode: mode }, async (to, toStats) => {
      // By the same name, through a link or by a hard link: emptying it would empty the source.
      if (isSameFile(fromStats, toStats)) return;
      if (toStats.size > 0n) await to.truncate();
      await copyContent(from, to, Number(fromStats.size));
      if (permissionsOf(toStats) !== mode) await to.chmod(mode);
    });
  });
}

function permissionsOf(stats: BigIntStats): number {
  return Number(stats.mode) & COPIED_MODE;
}

async function copyContent(from: FileHandle, to: FileHandle, expectedBytes: number): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(COPY_STEP_BYTES, expectedBytes + 1));
  for (;;) {
    const filled = await fill(from, buffer);
    let written = 0;
    while (written < filled) {
      const { bytesWritten } = await to.write(buffer, written, filled - written, null);
      if (bytesWritten === 0) throw systemError('EIO', 'copy');
      written += bytesWritten;
    }
    if (filled < buffer.length) return;
  }
}
