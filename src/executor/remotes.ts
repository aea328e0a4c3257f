import type { Clock } from '../base/clock';
import { ExecServerError } from '../base/errors';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import type { RemoteEndpoint, RemoteTarget } from '../environment/environmentChoice';
import type { ConnectedEnvironment } from '../environment/environmentSource';
import type { RemoteEnvironment } from '../environment/remote/remoteEnvironment';
import type { connectExecServer } from '../client/connectExecServer';
import type { ExecServerClient } from '../client/execServerClient';
import type { EnvironmentInfoResponse } from '../protocol/environmentMessages';
import { invalidRequest } from '../protocol/errorCodes';
import type { ListenAddress } from '../server/listener';
import { leadsTo } from './ownAddress';

export interface RemotesOptions {
  /** What this executor calls itself where it serves others. */
  readonly executorId: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where agents reach us, once they do. */
  readonly listening: () => ListenAddress | undefined;
}

/** The code for remotes. */
export interface RemoteCode {
  readonly RemoteEnvironment: typeof RemoteEnvironment;
  readonly connectExecServer: typeof connectExecServer;
}

/** Loads it when one is wanted: most executors never have a remote. */
export async function loadRemoteCode(): Promise<RemoteCode> {
  const [{ RemoteEnvironment }, { connectExecServer }] = await Promise.all([
    import('../environment/remote/remoteEnvironment'),
    import('../client/connectExecServer'),
  ]);
  return { RemoteEnvironment, connectExecServer };
}

/** Makes environments of remotes. */
export class Remotes {
  /** @param code where it is loaded already. */
  constructor(
    private readonly options: RemotesOptions,
    private code: RemoteCode | undefined,
  ) {}

  /** To be done before the first one is made. */
  async prepare(): Promise<void> {
    this.code ??= await loadRemoteCode();
  }

  /** What it returns connects by itself; to this executor never. */
  create(target: RemoteTarget): ConnectedEnvironment {
    if (this.code === undefined) throw new Error('The code for remotes was not loaded');
    const { RemoteEnvironment, connectExecServer } = this.code;
    const { limits, clock, logger } = this.options;
    return new RemoteEnvironment({
      target,
      clientName: CLIENT_NAME,
      executorId: this.options.executorId,
      limits,
      clock,
      logger: logger.child(`remote ${target.name}`),
      connect: async (options) => {
        // Asked each time: at the start we do not listen yet, and names change what they stand for.
        if (await this.isOurselves(options.endpoint)) {
          throw new ExecServerError('inconsistentArguments', ownAddressText(target.name));
        }
        return this.refusingCircle(target.name, await connectExecServer(options));
      },
    });
  }

  /** @throws RpcError −32600 for a remote that is this executor. */
  async refuseOurselves({ name, endpoint }: RemoteTarget): Promise<void> {
    if (await this.isOurselves(endpoint)) throw invalidRequest(ownAddressText(name));
  }

  /**
   * Calls that came back to us would start calls without end, until one of us is out of connections. The
   * place behind a remote may also become us later.
   */
  private refusingCircle(name: string, client: ExecServerClient): ExecServerClient {
    const leadsBack = (info: EnvironmentInfoResponse): boolean =>
      info.servedThrough?.includes(this.options.executorId) === true;
    if (leadsBack(client.environmentInfo)) {
      client.dispose();
      throw new ExecServerError('inconsistentArguments', circleText(name));
    }
    client.onDidChangeEnvironment((info) => {
      // The next attempt tells why.
      if (leadsBack(info)) client.dispose();
    });
    return client;
  }

  private async isOurselves(endpoint: RemoteEndpoint): Promise<boolean> {
    const listening = this.options.listening();
    if (listening === undefined || !('url' in endpoint)) return false;
    return leadsTo(endpoint.url, listening);
  }
}

/** How the remote's own editor shows who is there. */
const CLIENT_NAME = 'exec-server';

const circleText = (name: string): string =>
  `the remote ${name} passes its calls on to this exec-server, so they would go round without end; choose another environment here or there`;

const ownAddressText = (name: string): string =>
  `the remote ${name} has the address of this exec-server itself; choose another address, or the local environment`;
