import { randomUUID } from 'node:crypto';
import type { Clock } from '../../base/clock';
import type { Disposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { Logger } from '../../base/logger';
import type { ClientProcess } from '../../client/clientProcess';
import type { CallParams } from '../../client/execServerClient';
import { environmentUnreachable } from '../../protocol/errorCodes';
import type { ProcessBackend, StartRequest } from '../processBackend';
import type { ReaderSession } from './readerSession';
import type { ReaderSessions } from './readerSessions';
import { toRemoteFailure } from './remoteErrors';
import type { WritePath } from './remotePaths';
import { cannotConfine } from './remotePeer';
import type { RemotePeer } from './remotePeer';
import { RemoteProcess } from './remoteProcess';

export interface RemoteProcessBackendOptions {
  /** The user's name for the remote. */
  readonly remote: string;
  readonly sessions: ReaderSessions;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Starts processes at a remote, those of each reader in a session of its own. */
export class RemoteProcessBackend implements ProcessBackend, Disposable {
  private readonly processes = new Set<RemoteProcess>();
  private isRetired = false;

  constructor(private readonly options: RemoteProcessBackendOptions) {}

  get remote(): string {
    return this.options.remote;
  }

  async start(request: StartRequest): Promise<RemoteProcess> {
    const { remote, sessions } = this.options;
    this.refuseRetired();
    let use: Disposable | undefined;
    try {
      const used = await sessions.use(request.readerId ?? '');
      ({ use } = used);
      const process = await this.startIn(used.session, request);
      void process.closing.then(() => {
        this.processes.delete(process);
        used.use.dispose();
      });
      return process;
    } catch (error) {
      use?.dispose();
      this.refuseRetired();
      throw toRemoteFailure(remote, error);
    }
  }

  /** No more starts. */
  retire(): void {
    this.isRetired = true;
  }

  /** Fails whatever still runs. */
  dispose(): void {
    this.isRetired = true;
    for (const process of [...this.processes]) process.fail(SWITCHED);
  }

  private async startIn(session: ReaderSession, request: StartRequest): Promise<RemoteProcess> {
    const { remote, limits, clock, logger } = this.options;
    const { peer } = session;
    const there = await peer.paths.send('cwd', (write) =>
      peer.client.startProcess(startParamsOf(request, peer, write)),
    );
    if (this.isRetired) {
      await there.terminate();
      this.refuseRetired();
    }
    await refuseUnconfined(request, there);
    const process = new RemoteProcess(there, {
      remote,
      session,
      abilities: peer.abilities,
      isTerminal: request.terminal !== undefined,
      limits,
      clock,
      logger,
    });
    this.processes.add(process);
    return process;
  }

  private refuseRetired(): void {
    if (this.isRetired) throw environmentUnreachable(this.options.remote, SWITCHED);
  }
}

const SWITCHED = 'the environment was switched';

function startParamsOf(
  request: StartRequest,
  peer: RemotePeer,
  writePath: WritePath,
): CallParams<'process/start'> {
  const { argv, cwd, env, envPolicy, terminal, pipeStdin, arg0, shellSnapshot, sandbox } = request;
  return {
    // The caller's id is unique among its own, and its session there may outlive ours.
    processId: randomUUID(),
    argv: [...argv],
    cwd: writePath(cwd),
    env: { ...env },
    envPolicy,
    tty: terminal !== undefined,
    ...terminal,
    pipeStdin,
    arg0,
    shellSnapshot: peer.has('shellSnapshotV2') ? shellSnapshot : undefined,
    sandbox: sandbox === undefined ? undefined : peer.sandboxMember(sandbox, writePath),
  };
}

/** A server that says nothing confines the program has passed the sandbox over. */
async function refuseUnconfined({ sandbox }: StartRequest, there: ClientProcess): Promise<void> {
  if (sandbox === undefined || there.sandboxType !== 'none') return;
  await there.terminate();
  throw cannotConfine();
}
