import { v4 as uuidV4 } from 'uuid';
import { systemClock } from '../base/clock';
import { ExecServerError, toError } from '../base/errors';
import { defaultLimits } from '../base/limits';
import type { Logger } from '../base/logger';
import { createLogger } from '../base/logger';
import { ControlServer } from '../control/controlServer';
import { RecentLog } from '../control/recentLog';
import type { LeftProgram } from '../environment/local/leftBehind';
import { endLeftBehind } from '../environment/local/leftBehind';
import { AccessToken } from '../server/accessToken';
import { Executor } from './executor';
import type { OwnedReady, OwnedStart } from './ownedStart';
import { OwnedStartSchema } from './ownedStart';
import { OwnerLease } from './ownerLease';
import { removeStateFile, writeStateFile } from './stateFileStore';
import { executorVersion } from './version';

/** Editors keep the port bound to loopback; agents elsewhere come through the editor's forwarding. */
const HOST = '127.0.0.1';

/** An executor that belongs to a window. */
export interface OwnedExecutor {
  readonly ready: OwnedReady;
  /** See `Executor`. */
  prepare(): Promise<void>;
  close(): Promise<void>;
  /** Kills what runs, at once. */
  dispose(): void;
}

/** Reads the document the editor writes to stdin. */
export async function readOwnedStart(input: AsyncIterable<Buffer | string>): Promise<OwnedStart> {
  const pieces: Buffer[] = [];
  for await (const piece of input) pieces.push(Buffer.from(piece));
  const text = Buffer.concat(pieces).toString();
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The parser's message would quote the document, and that holds a token.
    throw new ExecServerError('invalidArguments', 'Failed to read the start document: not JSON');
  }
  const parsed = OwnedStartSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const paths = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new ExecServerError(
    'invalidArguments',
    `Failed to read the start document: check ${paths}`,
  );
}

/**
 * Starts an executor for a window: with a control channel, a state file by which the window finds it
 * after a reload, and a lease that ends it when no window comes back.
 */
export async function serveOwned(
  start: OwnedStart,
  shutDown: (reason: string) => void,
): Promise<OwnedExecutor> {
  const recentLog = new RecentLog(systemClock, defaultLimits.maxLogLines);
  const logger = createLogger((level, line) => {
    recentLog.append(level, line);
  });
  const instance = { instanceId: uuidV4(), pid: process.pid, startedAtMs: Date.now() };
  const ownership: Ownership = { graceMs: start.settings.ownerGraceSeconds * 1000, owners: 0 };
  const begin = async (port: number, token: AccessToken): Promise<StartedExecutor> => {
    let control: ControlServer | undefined;
    const executor = await Executor.create({
      lock: token,
      settings: start.settings,
      environment: start.environment,
      limits: defaultLimits,
      logger,
      secretFiles: [start.stateFile],
      script: __filename,
      createControl: ({ environments, setEnvironment, applySettings, canConfine }) => {
        control = new ControlServer({
          executor: { ...instance, version: executorVersion },
          environments,
          setEnvironment,
          canConfine,
          applySettings: (settings) => {
            applySettings(settings);
            ownership.graceMs = settings.ownerGraceSeconds * 1000;
            ownership.lease?.setGrace(ownership.graceMs);
          },
          shutDown,
          clock: systemClock,
          limits: defaultLimits,
          logger,
          recentLog,
        });
        return control;
      },
    });
    try {
      await executor.listen({ host: HOST, port });
    } catch (error) {
      await executor.close();
      throw error;
    }
    if (control === undefined) throw new Error('The executor was wired without a control channel');
    return { executor, control };
  };

  const { started, portChanged } = await beginOnFreePort(start, begin);
  const { executor, control } = started;
  control.onDidChangeOwners((owners) => {
    ownership.owners = owners;
    ownership.lease?.setOwners(owners);
  });
  endCrashedPrograms(start.leftBehind ?? [], logger);
  await writeStateFile(start.stateFile, {
    version: 1,
    ...instance,
    port: executor.server.port,
    ownerToken: control.ownerToken.reveal(),
  });
  // Counts from here: an end in the middle of the start would leave half a start behind.
  const lease = new OwnerLease(ownership.graceMs, systemClock, () => {
    shutDown('no window came back');
  });
  lease.setOwners(ownership.owners);
  ownership.lease = lease;
  return {
    ready: { pid: instance.pid, port: executor.server.port, portChanged },
    prepare: () => executor.prepare(),
    async close() {
      lease.dispose();
      try {
        await removeStateFile(start.stateFile, instance.instanceId);
      } finally {
        await executor.close();
      }
    },
    dispose() {
      executor.dispose();
    },
  };
}

/** In the background: agents need not wait for what is over. */
function endCrashedPrograms(programs: readonly LeftProgram[], logger: Logger): void {
  if (programs.length === 0) return;
  endLeftBehind(programs, defaultLimits.terminateGraceMs, systemClock).then(
    (count) => {
      logger.info('ended what a crashed executor left running', { programs: count });
    },
    (error: unknown) => {
      logger.error('failed to end what a crashed executor left running', {
        reason: toError(error).message,
      });
    },
  );
}

/** What is known of owner windows before and after there is a lease. */
interface Ownership {
  graceMs: number;
  owners: number;
  lease?: OwnerLease;
}

interface StartedExecutor {
  readonly executor: Executor;
  readonly control: ControlServer;
}

/**
 * A taken port is given up together with its token: whoever sits on it now may be handed the token by a
 * client that still has the address.
 */
async function beginOnFreePort(
  { token, preferredPort }: OwnedStart,
  begin: (port: number, token: AccessToken) => Promise<StartedExecutor>,
): Promise<{ started: StartedExecutor; portChanged: boolean }> {
  const kept = token === undefined ? AccessToken.random() : new AccessToken(token);
  try {
    return { started: await begin(preferredPort ?? 0, kept), portChanged: false };
  } catch (error) {
    const isTaken = error instanceof ExecServerError && error.code === 'listenFailed';
    if (!isTaken || preferredPort === undefined) throw error;
    return { started: await begin(0, AccessToken.random()), portChanged: true };
  }
}
