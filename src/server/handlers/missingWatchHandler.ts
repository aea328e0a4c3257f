import type { Disposable } from '../../base/lifecycle';
import { MutableDisposable } from '../../base/lifecycle';
import type { Environment } from '../../environment/environment';
import type { FileSystem, WatchedPaths } from '../../environment/fileSystem';
import { encodeNotification } from '../../protocol/envelope';
import { RpcError } from '../../protocol/errorCodes';
import type { HandlersOf, requests } from '../../protocol/methods';
import { parsePathText } from '../../protocol/pathText';
import type { WatchMissingParams } from '../../protocol/watchMessages';
import type { CallContext } from '../callContext';
import { filesWithin } from './requestedSandbox';

type MissingWatchHandlers = Pick<
  HandlersOf<typeof requests, Pick<CallContext, 'attachment' | 'missingWatch'>>,
  'fs/watchMissing'
>;

/** Adapts `fs/watchMissing`. A connection has one watch; asking for another ends it, whatever the answer. */
export function missingWatchHandlers(environment: () => Environment): MissingWatchHandlers {
  return {
    async 'fs/watchMissing'(params, { attachment, missingWatch }) {
      const watch = new MutableDisposable<Disposable>();
      missingWatch.value = watch;
      const request = watchRequestOf(params, environment());
      if (request === undefined) return { watching: false };
      watch.value = await request.files.watchMissing(request.paths, () => {
        // Not in this moment: the client must have the answer before it hears about a change.
        setImmediate(() => {
          if (missingWatch.value !== watch) return;
          const { watchId } = params;
          attachment.notify(encodeNotification('fs/missingChanged', { watchId }));
          missingWatch.value = undefined;
        });
      });
      return { watching: watch.value !== undefined };
    },
  };
}

interface WatchRequest {
  readonly files: FileSystem;
  readonly paths: WatchedPaths;
}

/** What cannot be watched is no error here: the caller looks for itself then. */
function watchRequestOf(
  { missing, present, sandbox }: WatchMissingParams,
  environment: Environment,
): WatchRequest | undefined {
  try {
    return {
      files: filesWithin(environment, sandbox),
      paths: {
        missing: missing.map((text) => parsePathText(text).path),
        present: present == null ? undefined : parsePathText(present).path,
      },
    };
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}
