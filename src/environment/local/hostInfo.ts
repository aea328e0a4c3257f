import { accessSync, constants, statSync } from 'node:fs';
import { homedir, tmpdir, userInfo } from 'node:os';
import { basename, delimiter, isAbsolute, join, parse } from 'node:path';
import { PROTOCOL_RELEASE } from '../../protocol/protocolRelease';
import type { EnvironmentInfo, ShellInfo } from '../environmentInfo';
import { hasShellSnapshots } from './shellSnapshots';

/** What the executor knows about itself and the rest cannot be asked of the system. */
export interface HostInfoOptions {
  /** Absolute; the first is where commands run by default. */
  readonly workspaceFolders: readonly string[];
}

/** What this machine tells of itself; of these nothing is absent. */
export interface HostInfo extends EnvironmentInfo {
  readonly cwd: string;
  readonly userHomeDir: string;
}

type Variables = Readonly<Record<string, string | undefined>>;

/** Tells about this machine. Looks at it at every call, so call it once and keep the answer. */
export function localEnvironmentInfo(
  { workspaceFolders }: HostInfoOptions,
  variables: Variables = process.env,
): HostInfo {
  const userHomeDir = homeDirectory();
  return {
    shell: process.platform === 'win32' ? windowsShell(variables) : unixShell(variables),
    executorVersion: PROTOCOL_RELEASE,
    cwd: workspaceFolders[0] ?? userHomeDir,
    userHomeDir,
    platformOs: platformName(),
    temporaryDirectories: temporaryDirectories(variables),
    tempDir: tmpdir(),
    // What is absent counts as false.
    features: {
      capabilityDiscoveryV2: true,
      environmentConfigRead: true,
      httpHeaderEnvVars: true,
      fileWriteStreaming: true,
      // Elsewhere nothing tells for certain that a file has appeared; see missingWatch.ts.
      fsWatchMissing: process.platform === 'linux',
      shellSnapshotV2: hasShellSnapshots,
      // Where sandboxes cannot be had the request is refused, streamed or not.
      sandboxedFileStreaming: process.platform !== 'win32',
    },
  };
}

function platformName(): EnvironmentInfo['platformOs'] {
  if (process.platform === 'win32') return 'windows';
  return process.platform === 'darwin' ? 'macos' : 'linux';
}

/** The user's own shell if clients know how to talk to it, else one that is everywhere. */
function unixShell(variables: Variables): ShellInfo {
  const candidates = [variables['SHELL'], accountShell(), '/bin/bash', '/bin/sh'];
  for (const path of candidates) {
    if (path === undefined || !isAbsolute(path)) continue;
    const name = basename(path);
    const known = name === 'bash' || name === 'zsh' || name === 'sh';
    if (known && isExecutable(path)) return { name, path };
  }
  return { name: 'sh', path: '/bin/sh' };
}

function windowsShell(variables: Variables): ShellInfo {
  const systemRoot = variables['SystemRoot'] ?? 'C:\\Windows';
  const system32 = join(systemRoot, 'System32');
  const candidates = [
    // Only absolute entries of PATH: a relative one would let the current folder choose the shell.
    ...(variables['PATH'] ?? variables['Path'] ?? '')
      .split(delimiter)
      .filter((folder) => isAbsolute(folder))
      .map((folder) => join(folder, 'pwsh.exe')),
    join(system32, 'WindowsPowerShell', 'v1.0', 'powershell.exe'),
  ];
  const path = candidates.find((candidate) => isExecutable(candidate));
  if (path !== undefined) return { name: 'powershell', path };
  return { name: 'cmd', path: variables['ComSpec'] ?? join(system32, 'cmd.exe') };
}

/** The shell of the passwd entry; there is none for a user id the system does not know. */
function accountShell(): string | undefined {
  try {
    return userInfo().shell ?? undefined;
  } catch {
    return undefined;
  }
}

/** The root of the file system for a user without a home. */
function homeDirectory(): string {
  try {
    const home = homedir();
    if (isAbsolute(home)) return home;
  } catch {
    // Neither the variable nor a passwd entry; the fallback below is as good as any.
  }
  return parse(process.cwd()).root;
}

function temporaryDirectories(variables: Variables): readonly string[] {
  const named =
    process.platform === 'win32' ? [variables['TEMP'], variables['TMP']] : [variables['TMPDIR']];
  const absolute = named.filter((path) => path !== undefined && isAbsolute(path));
  return [...new Set(absolute)].filter((path) => path !== undefined);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
