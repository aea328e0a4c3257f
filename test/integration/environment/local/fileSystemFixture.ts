import { execFileSync } from 'node:child_process';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import { ErrorCode, toRpcError } from '../../../../src/protocol/errorCodes';
import { LocalFileSystem } from '../../../../src/environment/local/localFileSystem';
import { FolderWriteScope } from '../../../../src/environment/local/writeScope';

/** A fresh folder per test: `workspace` is in the write scope, the rest of it is outside. */
export interface FileSystemFixture {
  root: string;
  workspace: string;
  outside: string;
  scope: FolderWriteScope;
  files: LocalFileSystem;
  /** A path in the workspace. */
  at(...names: string[]): string;
}

export const follow = { followSymlinks: true };
export const noFollow = { followSymlinks: false };

/** Fifos and symbolic links are not to be had everywhere. */
export const onUnix = process.platform !== 'win32';

/** Registers the hooks that make and remove the folder. The object is filled before each test. */
export function useFileSystem(): FileSystemFixture {
  const fixture = {
    at: (...names: string[]) => join(fixture.workspace, ...names),
  } as FileSystemFixture;
  beforeEach(async () => {
    fixture.root = await realpath(await mkdtemp(join(tmpdir(), 'exec-server-fs-')));
    fixture.workspace = join(fixture.root, 'workspace');
    fixture.outside = join(fixture.root, 'outside');
    // The folder itself is in the temporary directory, so that must not belong to the scope here.
    fixture.scope = new FolderWriteScope({ mode: 'unrestricted', roots: [fixture.workspace] }, []);
    fixture.files = new LocalFileSystem({ limits: defaultLimits, writeScope: fixture.scope });
    for (const path of [fixture.workspace, fixture.outside]) {
      await fixture.files.createDirectory(path, { ...follow, recursive: true });
    }
    fixture.scope.update({ mode: 'workspace', roots: [fixture.workspace] });
  });
  afterEach(async () => {
    await rm(fixture.root, { recursive: true, force: true });
  });
  return fixture;
}

/** The failure of a call as it would go over the wire: code and text. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    const { code, message } = toRpcError(error);
    return `${code} ${message}`;
  }
  return 'no failure';
}

export function makeFifo(path: string): void {
  execFileSync('mkfifo', [path]);
}

/** Matches the refusal of a change outside the write scope. */
export const outsideScope = new RegExp(`^${ErrorCode.outsideWriteScope} refused to `);
