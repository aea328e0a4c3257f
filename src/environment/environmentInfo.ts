import type { EnvironmentInfoResponse } from '../protocol/environmentMessages';

/** A shell as clients start it: `[path, '-lc', command]`. */
export type ShellInfo = EnvironmentInfoResponse['shell'];

/**
 * The facts an environment tells about itself. Paths are native; the handler writes them as URIs. What
 * may be absent is what releases up to 0.150 do not tell of themselves when they are the remote.
 */
export interface EnvironmentInfo {
  readonly shell: ShellInfo;
  /** The release of Codex it can be taken for. */
  readonly executorVersion?: string | undefined;
  /** Where a command without a place of its own runs: the first workspace folder. */
  readonly cwd?: string | undefined;
  readonly userHomeDir?: string | undefined;
  readonly platformOs: 'linux' | 'macos' | 'windows';
  readonly temporaryDirectories: readonly string[];
  readonly tempDir?: string | undefined;
  /** The executors that calls pass there, nearest first, as far as they tell; see `executor/remotes.ts`. */
  readonly servedThrough?: readonly string[] | undefined;
  /** Only what works is named; absent means false. */
  readonly features: Readonly<Record<string, boolean>>;
}
