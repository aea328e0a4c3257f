import type { ExecServerClient } from '../../client/execServerClient';
import { Emitter } from '../../base/event';
import type { Disposable } from '../../base/lifecycle';
import { DisposableStore } from '../../base/lifecycle';
import type { RpcError } from '../../protocol/errorCodes';
import { invalidRequest } from '../../protocol/errorCodes';
import type { SandboxMember } from '../../protocol/sandboxMessages';
import type { Capabilities } from '../environment';
import type { EnvironmentInfo } from '../environmentInfo';
import type { Sandbox } from '../sandbox';
import { RemoteAbilities } from './remoteAbilities';
import type { RemoteFeature } from './remoteFacts';
import { capabilitiesOf, environmentInfoOf, pathStyleOf } from './remoteFacts';
import type { WritePath } from './remotePaths';
import { RemotePaths } from './remotePaths';
import { sandboxMemberOf } from './sandboxMember';

/** What a caller hears who asked to be confined where nobody does that. */
export const cannotConfine = (): RpcError =>
  invalidRequest(
    'the remote environment cannot enforce a sandbox: update its exec-server, or run the client ' +
      'with full access (for example `--sandbox danger-full-access`) if you trust it with that machine',
  );

/** One session on a remote, with what is known about the server it is on. */
export class RemotePeer implements Disposable {
  private readonly store = new DisposableStore();
  private readonly infoEmitter = this.store.add(new Emitter<void>());
  private readonly connectionLossEmitter = this.store.add(new Emitter<void>());
  private currentInfo: EnvironmentInfo;
  private currentCapabilities: Capabilities;
  /** Counts the connections; what belongs to one is gone with it. */
  private connection = 1;

  readonly paths: RemotePaths;
  readonly abilities = new RemoteAbilities();
  /** It offers something else now. */
  readonly onDidChangeInfo = this.infoEmitter.event;
  /** Handles and watches of the connection are gone. */
  readonly onDidLoseConnection = this.connectionLossEmitter.event;

  constructor(readonly client: ExecServerClient) {
    const { environmentInfo: told, facts } = client;
    // Releases up to 0.140 tell nothing in the handshake and take native paths; see ADR 0013.
    this.paths = new RemotePaths(pathStyleOf(told), facts.sentEnvironmentInfo ? 'uri' : 'native');
    const readPath = (text: string): string => this.paths.read(text);
    this.currentInfo = environmentInfoOf(told, readPath);
    this.currentCapabilities = capabilitiesOf(told);
    this.store.add(
      client.onDidChangeEnvironment((changed) => {
        this.currentInfo = environmentInfoOf(changed, readPath);
        this.currentCapabilities = capabilitiesOf(changed);
        this.infoEmitter.fire();
      }),
    );
    this.store.add(
      client.onDidChangeState(({ kind }) => {
        if (kind === 'connected') return;
        this.connection += 1;
        this.connectionLossEmitter.fire();
      }),
    );
  }

  get info(): EnvironmentInfo {
    return this.currentInfo;
  }

  get capabilities(): Capabilities {
    return this.currentCapabilities;
  }

  /** Differs before and after a connection was lost. */
  get connectionNumber(): number {
    return this.connection;
  }

  has(feature: RemoteFeature): boolean {
    return this.currentInfo.features[feature] === true;
  }

  /**
   * A sandbox as the remote reads it.
   *
   * @throws RpcError −32600 for a server that would pass it over: those that tell nothing in the
   *   handshake are older than sandboxes.
   */
  sandboxMember(sandbox: Sandbox, writePath: WritePath): SandboxMember {
    if (!this.client.facts.sentEnvironmentInfo) throw cannotConfine();
    return sandboxMemberOf(sandbox, writePath);
  }

  dispose(): void {
    this.store.dispose();
    this.client.dispose();
  }
}
