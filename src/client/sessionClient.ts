import type { Clock } from '../base/clock';
import { ExecServerError } from '../base/errors';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import type { Logger } from '../base/logger';
import type { EnvironmentInfoResponse } from '../protocol/environmentMessages';
import { CloseCode } from '../rpc/closeCodes';
import type { TransportEnd } from '../rpc/transport';
import type { Attachment, ServerPeer } from './attachment';
import { attach } from './attachment';
import { CallQueue } from './callQueue';
import type { ClientProcess } from './clientProcess';
import { ClientProcesses } from './clientProcesses';
import type {
  CallParams,
  CallResult,
  ClientHttpResponse,
  ClientState,
  ExecServerClient,
  ExecServerEndpoint,
  PlainMethod,
  ServerFacts,
} from './execServerClient';
import { HttpBodies } from './httpBodies';
import { ReceivingPauses } from './receivingPauses';
import type { ReconnectState } from './reconnect';
import { Reconnector } from './reconnector';
import { isRepeatable } from './repeatableCalls';
import type { Connect, ServerConnection } from './serverConnection';
import { routeFrom } from './serverEvents';

/** What a session needs for its whole life. */
export interface SessionSurroundings {
  readonly endpoint: ExecServerEndpoint;
  readonly clientName: string;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly connect: Connect;
  /** 0 to 1. */
  readonly jitter: () => number;
}

/** What the server told when the session began. */
export interface SessionBeginning {
  readonly environmentInfo: EnvironmentInfoResponse;
  readonly facts: ServerFacts;
}

/** A session that goes from connection to connection. */
export class SessionClient implements ExecServerClient {
  private readonly stateEmitter = new Emitter<ClientState>();
  private readonly missingEmitter = new Emitter<{ readonly watchId: number }>();
  private readonly environmentEmitter = new Emitter<EnvironmentInfoResponse>();
  private readonly calls: CallQueue;
  private readonly pauses = new ReceivingPauses(() => this.calls.isBusy);
  private readonly processes: ClientProcesses;
  private readonly http: HttpBodies;
  private readonly reconnector: Reconnector;
  private attachment: Attachment | undefined;
  /** Connections that are not gone, the one being made included. */
  private readonly connections = new Set<ServerConnection>();
  private current: ClientState = { kind: 'connected' };

  readonly sessionId: string;
  readonly environmentInfo: EnvironmentInfoResponse;
  readonly facts: ServerFacts;
  readonly onDidChangeState = this.stateEmitter.event;
  readonly onDidChangeMissing = this.missingEmitter.event;
  readonly onDidChangeEnvironment = this.environmentEmitter.event;

  constructor(
    private readonly surroundings: SessionSurroundings,
    first: Attachment,
    { environmentInfo, facts }: SessionBeginning,
  ) {
    const { limits, clock, jitter } = surroundings;
    this.sessionId = first.reply.sessionId;
    this.environmentInfo = environmentInfo;
    this.facts = facts;
    const { pauses } = this;
    const calls = new CallQueue(limits.maxCallRepeats, pauses.apply);
    this.calls = calls;
    this.processes = new ClientProcesses({ calls, pauses, facts, limits, clock });
    this.http = new HttpBodies(calls, pauses, limits);
    this.reconnector = new Reconnector({
      limits,
      clock,
      jitter,
      attempt: () => this.resume(),
      onDidChange: (state) => {
        this.follow(state);
      },
    });
    this.adopt(first.connection);
    this.listen(first.peer, first.connection);
    this.attachment = first;
    this.use(first);
  }

  get state(): ClientState {
    return this.current;
  }

  request<M extends PlainMethod>(method: M, params: CallParams<M>): Promise<CallResult<M>> {
    return this.calls.call(method, params, { isRepeatable: isRepeatable(method, params) });
  }

  startProcess(params: CallParams<'process/start'>): Promise<ClientProcess> {
    return this.processes.start(params);
  }

  httpRequest(
    params: Omit<CallParams<'http/request'>, 'requestId' | 'streamResponse'>,
    signal?: AbortSignal,
  ): Promise<ClientHttpResponse> {
    return this.http.request(params, signal);
  }

  setReceivingPaused(paused: boolean): void {
    this.pauses.setPausedByUser(paused);
  }

  async close(): Promise<void> {
    this.reconnector.close('it was closed');
    await Promise.all([...this.connections].map(({ gone }) => gone));
  }

  dispose(): void {
    this.reconnector.close('it was closed');
    for (const connection of this.connections) connection.cut();
  }

  private adopt(connection: ServerConnection): void {
    this.connections.add(connection);
    void connection.gone.then(() => {
      this.connections.delete(connection);
    });
  }

  private listen(peer: ServerPeer, connection: ServerConnection): void {
    const { logger } = this.surroundings;
    routeFrom(peer, {
      logger,
      onProcessEvent: (event) => {
        this.processes.receive(event);
      },
      onBodyDelta: (delta) => {
        this.http.receive(delta);
      },
      onMissingChanged: (change) => {
        this.missingEmitter.fire(change);
      },
      onEnvironmentChanged: (info) => {
        this.environmentEmitter.fire(info);
      },
    });
    peer.onDidClose((end) => {
      if (this.attachment?.peer === peer) void this.lose(connection, end);
    });
  }

  /** From now on this connection carries the calls. */
  private use({ peer, connection }: Attachment): void {
    this.processes.connect(peer);
    this.pauses.connect(connection.transport);
    this.calls.connect(peer);
  }

  private async lose(connection: ServerConnection, end: TransportEnd): Promise<void> {
    this.attachment = undefined;
    this.pauses.connect(undefined);
    this.calls.disconnect();
    this.processes.disconnect();
    this.http.disconnect('the connection was lost');
    if (end.code === CloseCode.protocolError) {
      connection.cut();
      this.reconnector.lose(`the server broke the protocol: ${end.reason}`, true);
      return;
    }
    const { isResumable } = connection;
    const said = connection.describeEnd(end);
    const reason = typeof said === 'string' ? said : await said;
    this.reconnector.lose(reason === '' ? 'the connection was lost' : reason, !isResumable);
  }

  /** One attempt to take up the session over another connection. */
  private async resume(): Promise<void> {
    const { endpoint, clientName, limits, clock, connect } = this.surroundings;
    const connection = await connect(endpoint, this.surroundings);
    if (this.current.kind === 'ended') {
      connection.cut();
      return;
    }
    this.adopt(connection);
    const attachment = await attach(connection, {
      clientName,
      resumeSessionId: this.sessionId,
      timeoutMs: limits.initializeTimeoutMs,
      limits,
      clock,
      listen: (peer) => {
        this.listen(peer, connection);
      },
    });
    await this.processes.resume(attachment.peer);
    if (!connection.transport.isOpen) {
      this.processes.disconnect();
      throw new ExecServerError('connectionClosed', 'Failed to resume: the connection was lost');
    }
    this.attachment = attachment;
  }

  private follow(state: ReconnectState): void {
    switch (state.kind) {
      case 'connected':
        if (this.attachment !== undefined) this.use(this.attachment);
        this.tell({ kind: 'connected' });
        return;
      case 'waiting':
      case 'attempting':
        this.tell({ kind: 'recovering', reason: state.reason });
        return;
      case 'ended':
        this.end(state.reason);
    }
  }

  private tell(state: ClientState): void {
    const { current } = this;
    const reasonOf = (told: ClientState): string => ('reason' in told ? told.reason : '');
    if (state.kind === current.kind && reasonOf(state) === reasonOf(current)) return;
    this.current = state;
    this.surroundings.logger.info(`session is ${state.kind}`, {
      session: this.sessionId,
      reason: reasonOf(state),
    });
    this.stateEmitter.fire(state);
  }

  /** For good: nobody waits for anything after this. */
  private end(reason: string): void {
    this.attachment = undefined;
    this.pauses.connect(undefined);
    this.calls.end(`the connection to the exec-server has ended: ${reason}`);
    this.processes.end(`the connection to the exec-server has ended: ${reason}`);
    this.http.disconnect(reason);
    for (const { transport } of this.connections) transport.close(CloseCode.normal, '');
    this.tell({ kind: 'ended', reason });
    this.stateEmitter.dispose();
    this.missingEmitter.dispose();
    this.environmentEmitter.dispose();
  }
}
