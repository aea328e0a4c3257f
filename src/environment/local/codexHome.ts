import { realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ErrorCode, RpcError } from '../../protocol/errorCodes';

/** What the place of Codex's own files follows from. */
export interface CodexPlaces {
  readonly userHomeDir: string;
  readonly variables: NodeJS.ProcessEnv;
  /** Files of the whole machine; absent where Codex keeps none. */
  readonly systemDirectory: string | undefined;
}

/** Where Codex looks for what the administrator of a machine says. */
export const codexSystemDirectory = process.platform === 'win32' ? undefined : '/etc/codex';

/**
 * The folder of Codex's own files: `CODEX_HOME`, which must exist, else `.codex` in the user's home,
 * which need not.
 *
 * @throws RpcError −32603
 */
export async function findCodexHome({ userHomeDir, variables }: CodexPlaces): Promise<string> {
  const named = variables['CODEX_HOME'] ?? '';
  if (named === '') return join(userHomeDir, '.codex');
  const points = `CODEX_HOME points to ${JSON.stringify(named)}`;
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(named)).isDirectory();
  } catch {
    // Out of reach is as good as absent.
    throw new RpcError(ErrorCode.internal, `${points}, but that path does not exist`);
  }
  if (!isDirectory) {
    throw new RpcError(ErrorCode.internal, `${points}, but that path is not a directory`);
  }
  return realpath(named);
}
