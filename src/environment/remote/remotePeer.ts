import { isDeepStrictEqual } from 'node:util';
import type { ExecServerClient } from '../../client/execServerClient';
import { Emitter } from '../../base/event';
import type { Disposable } from '../../base/lifecycle';
import { DisposableStore } from '../../base/lifecycle';
import { defaultLimits } from '../../base/limits';
import type { EnvironmentInfoResponse } from '../../protocol/environmentMessages';
import { ErrorCode, RpcError, invalidRequest } from '../../protocol/errorCodes';
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
  private known: ServerKnowledge;
  /** Counts the connections; what belongs to one is gone with it. */
  private connection = 1;

  readonly abilities = new RemoteAbilities();
  /** It offers something else now. */
  readonly onDidChangeInfo = this.infoEmitter.event;
  /** Handles and watches of the connection are gone. */
  readonly onDidLoseConnection = this.connectionLossEmitter.event;

  /**
   * Takes the client over: it is disposed of when what its server tells cannot be read.
   *
   * @throws RpcError
   */
  constructor(readonly client: ExecServerClient) {
    const { sentEnvironmentInfo } = client.facts;
    try {
      // Releases up to 0.140 tell nothing in the handshake and take native paths; see ADR 0013.
      const form = sentEnvironmentInfo ? 'uri' : 'native';
      this.known = knowledgeOf(
        client.environmentInfo,
        new RemotePaths(pathStyleOf(client.environmentInfo), form),
      );
    } catch (error) {
      client.dispose();
      throw error;
    }
    this.store.add(
      client.onDidChangeEnvironment((changed) => {
        this.learn(changed);
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
    return this.known.info;
  }

  get capabilities(): Capabilities {
    return this.known.capabilities;
  }

  get paths(): RemotePaths {
    return this.known.paths;
  }

  /** Differs before and after a connection was lost. */
  get connectionNumber(): number {
    return this.connection;
  }

  has(feature: RemoteFeature): boolean {
    return this.info.features[feature] === true;
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

  private learn(told: EnvironmentInfoResponse): void {
    const { known } = this;
    const style = pathStyleOf(told);
    try {
      const { paths } = known;
      this.known = knowledgeOf(told, style === paths.style ? paths : paths.of(style));
    } catch {
      // The next attempt to open a session tells why.
      this.client.dispose();
      return;
    }
    // A change ends what agents have open.
    if (!isDeepStrictEqual(this.known, known)) this.infoEmitter.fire();
  }
}

/** What a server has told about itself, read. */
interface ServerKnowledge {
  readonly paths: RemotePaths;
  readonly info: EnvironmentInfo;
  readonly capabilities: Capabilities;
}

/** @throws RpcError when it tells without end, or names a place by what is no path there. */
function knowledgeOf(told: EnvironmentInfoResponse, paths: RemotePaths): ServerKnowledge {
  if (JSON.stringify(told).length > defaultLimits.maxEnvironmentInfoChars) {
    throw new RpcError(
      ErrorCode.internal,
      'the remote environment tells more about itself than can be shown and passed on',
    );
  }
  return {
    paths,
    info: environmentInfoOf(told, (text) => paths.read(text)),
    capabilities: capabilitiesOf(told),
  };
}
