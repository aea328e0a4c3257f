import type { Clock } from '../../base/clock';
import { ExecServerError } from '../../base/errors';
import { Deferred } from '../../base/deferred';
import { DisposableStore } from '../../base/lifecycle';
import type { Disposable } from '../../base/lifecycle';
import type { Logger } from '../../base/logger';
import type { ExecServerClient } from '../../client/execServerClient';
import type { RemoteEndpoint } from '../../environment/environmentChoice';
import { parsePathText } from '../../protocol/pathText';

/** Long enough for a program that logs in over ssh, short enough to wait for. */
const PROBE_TIMEOUT_MS = 10_000;

export interface RemoteProbe {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connect: (endpoint: RemoteEndpoint) => Promise<ExecServerClient>;
}

/** What a remote tells about itself: whatever of system, directory and release it names. */
export type RemoteFacts = readonly string[];

/**
 * Connects, asks what is there and lets go again, so that an address is known to work before it is saved.
 * Answers `undefined` when it was called off.
 *
 * @throws ExecServerError `requestTimedOut`, or what connecting fails with.
 */
export async function probeRemote(
  { clock, connect, logger }: RemoteProbe,
  endpoint: RemoteEndpoint,
  onDidCancel: (listener: () => void) => Disposable,
): Promise<RemoteFacts | undefined> {
  const waiting = new DisposableStore();
  const ended = new Deferred<undefined>();
  waiting.add(onDidCancel(() => ended.resolve(undefined)));
  waiting.add(
    clock.schedule(() => {
      const seconds = PROBE_TIMEOUT_MS / 1000;
      const message = `Failed to connect: no answer within ${seconds} seconds`;
      ended.reject(new ExecServerError('requestTimedOut', message));
    }, PROBE_TIMEOUT_MS),
  );
  const facts = connect(endpoint).then(async (client) => {
    try {
      return factsOf(client);
    } finally {
      await client.close();
    }
  });
  // It may fail after nobody waits any more.
  facts.catch((error: unknown) =>
    logger.debug('could not test a remote', { reason: String(error) }),
  );
  try {
    return await Promise.race([facts, ended.promise]);
  } finally {
    waiting.dispose();
  }
}

function factsOf({ environmentInfo }: ExecServerClient): RemoteFacts {
  const { platformOs, cwd, executorVersion } = environmentInfo;
  return [
    ...(platformOs === undefined ? [] : [platformOs]),
    ...(cwd === undefined ? [] : [shownPath(cwd, platformOs)]),
    ...(executorVersion === undefined ? [] : [`release ${executorVersion}`]),
  ];
}

/** A directory as people there write it. */
function shownPath(text: string, platformOs: string | undefined): string {
  try {
    return parsePathText(text, platformOs === 'windows' ? 'windows' : 'posix').path;
  } catch {
    // It is only shown: what cannot be read as a path says something as it is.
    return text;
  }
}
