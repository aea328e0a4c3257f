import type { Clock } from '../../base/clock';
import { toError } from '../../base/errors';
import { Emitter } from '../../base/event';
import type { Disposable } from '../../base/lifecycle';
import { DisposableStore, MutableDisposable } from '../../base/lifecycle';
import type { Limits } from '../../base/limits';
import type { Logger } from '../../base/logger';
import type { ClientState, ExecServerClient } from '../../client/execServerClient';
import { environmentUnreachable } from '../../protocol/errorCodes';
import type { EnvironmentHealth } from '../environmentSource';
import { toRemoteFailure } from './remoteErrors';
import { RemotePeer } from './remotePeer';
import { RetryDelay } from './retryDelay';

export interface RemoteLinkOptions {
  /** The user's name for the remote. */
  readonly name: string;
  /** Opens a session; its errors are for people. */
  readonly open: () => Promise<ExecServerClient>;
  /** Whether it is opened again without anybody asking. */
  readonly keepsTrying: boolean;
  readonly limits: Pick<Limits, 'remoteRetryMs' | 'maxRemoteRetryMs'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The way to a remote: a session there, and another one when it has ended.
 *
 *   connecting ──► ready ◄──► recovering        a lost connection is the client's to recover
 *       │            │            │
 *       └────────────┴────────────┴──► unreachable ──► ready        by a later attempt
 *
 * There is one attempt at a time. Whoever needs the remote while it is unreachable does not wait for the
 * next turn: the attempt begins at once, and its outcome is the answer.
 */
export class RemoteLink implements Disposable {
  private readonly store = new DisposableStore();
  private readonly healthEmitter = this.store.add(new Emitter<EnvironmentHealth>());
  private readonly peerEmitter = this.store.add(new Emitter<RemotePeer>());
  private readonly peerHolder = this.store.add(new MutableDisposable<RemotePeer>());
  private readonly stateSubscription = this.store.add(new MutableDisposable<Disposable>());
  private readonly retryTimer = this.store.add(new MutableDisposable<Disposable>());
  private readonly retryDelay: RetryDelay;
  private attempt: Promise<void> | undefined;
  /** Why the last attempt failed or the last session ended; absent before the first. */
  private reason: string | undefined;

  readonly onDidChangeHealth = this.healthEmitter.event;
  /** A session has begun. */
  readonly onDidOpen = this.peerEmitter.event;

  constructor(private readonly options: RemoteLinkOptions) {
    this.retryDelay = new RetryDelay(options.limits, options.clock);
  }

  get health(): EnvironmentHealth {
    const { value: peer } = this.peerHolder;
    if (peer !== undefined) return healthOf(peer.client.state);
    if (this.reason === undefined) return { kind: 'connecting' };
    return { kind: 'unreachable', reason: this.reason };
  }

  /** The session there is, lost connection or not. */
  get current(): RemotePeer | undefined {
    return this.peerHolder.value;
  }

  /**
   * The session, connected. Waits while it is being connected or recovered.
   *
   * @throws RpcError `environmentUnreachable`
   */
  async peer(): Promise<RemotePeer> {
    let hasTried = false;
    for (;;) {
      this.refuseDisposed();
      const peer = this.current;
      if (peer === undefined) {
        if (hasTried) throw environmentUnreachable(this.options.name, this.reason ?? 'it is gone');
        await this.connect();
        hasTried = true;
      } else if (peer.client.state.kind === 'connected') return peer;
      else await stateChangeOf(peer.client);
    }
  }

  /** Does something at the remote; failures are told as `remoteErrors.ts` has it. */
  async use<T>(work: (peer: RemotePeer) => Promise<T>): Promise<T> {
    const peer = await this.peer();
    try {
      return await work(peer);
    } catch (error) {
      throw toRemoteFailure(this.options.name, error);
    }
  }

  /** Makes the next attempt now, unless the remote is reached; resolves when it is over. */
  async connect(): Promise<void> {
    if (this.current !== undefined || this.store.isDisposed) return;
    this.attempt ??= this.tryToOpen().finally(() => {
      this.attempt = undefined;
    });
    await this.attempt;
  }

  /** Resolves when it is known whether the remote can be reached. */
  async settle(): Promise<void> {
    const peer = this.current;
    if (peer === undefined) await this.connect();
    else if (peer.client.state.kind === 'recovering') await stateChangeOf(peer.client);
  }

  dispose(): void {
    this.store.dispose();
  }

  private async tryToOpen(): Promise<void> {
    const { open, logger } = this.options;
    this.retryTimer.value = undefined;
    try {
      const client = await open();
      if (this.store.isDisposed) {
        client.dispose();
        return;
      }
      this.adopt(new RemotePeer(client));
    } catch (error) {
      const { message } = toError(error);
      if (message !== this.reason) logger.warn('a remote environment was not reached', { message });
      this.lose(message);
    }
  }

  private adopt(peer: RemotePeer): void {
    const { state } = peer.client;
    if (state.kind === 'ended') {
      peer.dispose();
      this.lose(state.reason);
      return;
    }
    this.retryDelay.noteReached();
    this.peerHolder.value = peer;
    this.stateSubscription.value = peer.client.onDidChangeState((changed) => {
      if (changed.kind === 'ended') {
        this.stateSubscription.value = undefined;
        this.peerHolder.value = undefined;
        this.lose(changed.reason);
      } else this.healthEmitter.fire(this.health);
    });
    this.options.logger.info('connected to a remote environment', {
      session: peer.client.sessionId.slice(0, 8),
    });
    this.peerEmitter.fire(peer);
    this.healthEmitter.fire(this.health);
  }

  private lose(reason: string): void {
    if (this.store.isDisposed) return;
    this.reason = reason;
    if (this.options.keepsTrying) {
      this.retryTimer.value = this.options.clock.schedule(() => {
        void this.connect();
      }, this.retryDelay.next());
    }
    this.healthEmitter.fire(this.health);
  }

  private refuseDisposed(): void {
    if (!this.store.isDisposed) return;
    throw environmentUnreachable(this.options.name, 'the environment was switched');
  }
}

function healthOf(state: ClientState): EnvironmentHealth {
  switch (state.kind) {
    case 'connected':
      return { kind: 'ready' };
    case 'recovering':
      return { kind: 'recovering', reason: state.reason };
    case 'ended':
      return { kind: 'unreachable', reason: state.reason };
  }
}

function stateChangeOf(client: ExecServerClient): Promise<void> {
  return new Promise((resolve) => {
    const subscription = client.onDidChangeState(() => {
      subscription.dispose();
      resolve();
    });
  });
}
