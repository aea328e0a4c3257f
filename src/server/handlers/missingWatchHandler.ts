import type { Environment } from '../../environment/environment';
import type { FileSystem, WatchedPaths } from '../../environment/fileSystem';
import { ErrorCode, RpcError } from '../../protocol/errorCodes';
import type { HandlersOf, requests } from '../../protocol/methods';
import type { PathStyle } from '../../protocol/pathStyle';
import { parsePathText } from '../../protocol/pathText';
import type { WatchMissingParams } from '../../protocol/watchMessages';
import type { CallContext } from '../callContext';
import type { StartWatch } from '../missingWatch';
import { filesWithin } from './requestedSandbox';

type MissingWatchHandlers = Pick<
  HandlersOf<typeof requests, Pick<CallContext, 'missingWatch'>>,
  'fs/watchMissing'
>;

/** Adapts `fs/watchMissing`. A connection has one watch; asking for another ends it, whatever the answer. */
export function missingWatchHandlers(environment: () => Environment): MissingWatchHandlers {
  return {
    async 'fs/watchMissing'(params, { missingWatch }) {
      const request = watchRequestOf(params, environment());
      const start: StartWatch | undefined =
        request && ((onDidChange) => request.files.watchMissing(request.paths, onDidChange));
      return { watching: await missingWatch.replace(params.watchId, start) };
    },
  };
}

interface WatchRequest {
  readonly files: FileSystem;
  readonly paths: WatchedPaths;
}

/**
 * What cannot be watched is no error here: the caller looks for itself then.
 *
 * @throws RpcError −32602 for what is no path at all.
 */
function watchRequestOf(
  { missing, present, sandbox }: WatchMissingParams,
  environment: Environment,
): WatchRequest | undefined {
  const style = environment.pathStyle;
  const missingPaths = missing.map((text) => placeOf(text, style));
  const presentPath = present == null ? undefined : placeOf(present, style);
  if (missingPaths.includes(undefined) || (present != null && presentPath === undefined)) {
    return undefined;
  }
  const paths = {
    missing: missingPaths.filter((path) => path !== undefined),
    present: presentPath,
  };
  try {
    return { files: filesWithin(environment, sandbox), paths };
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

/** @returns `undefined` for a URI that names no place there. */
function placeOf(text: string, style: PathStyle): string | undefined {
  try {
    return parsePathText(text, style).path;
  } catch (error) {
    if (error instanceof RpcError && error.code === ErrorCode.invalidRequest) return undefined;
    throw error;
  }
}
