import type { EnvironmentInfoResponse } from '../protocol/environmentMessages';

/** A shell as clients start it: `[path, '-lc', command]`. */
export type ShellInfo = EnvironmentInfoResponse['shell'];

/** The facts an environment tells about itself. Paths are native; the handler writes them as URIs. */
export interface EnvironmentInfo {
  readonly shell: ShellInfo;
  /** The release of Codex it can be taken for. */
  readonly executorVersion: string;
  /** Where a command without a place of its own runs: the first workspace folder. */
  readonly cwd: string;
  readonly userHomeDir: string;
  readonly platformOs: 'linux' | 'macos' | 'windows';
  readonly temporaryDirectories: readonly string[];
  readonly tempDir: string;
  /** Only what works is named; absent means false. */
  readonly features: Readonly<Record<string, boolean>>;
}
