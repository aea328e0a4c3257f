import type { Event } from '../base/event';
import type { Disposable } from '../base/lifecycle';
import type { EnvironmentInfoResponse } from '../protocol/environmentMessages';
import type { CallParamsOf, RequestMethod, ResultOf, requests } from '../protocol/methods';
import type { ClientProcess } from './clientProcess';

/** Where an exec-server is reached: an address, or a program that speaks the protocol on its stdin and stdout. */
export type ExecServerEndpoint = AddressEndpoint | ProgramEndpoint;

export interface AddressEndpoint {
  /** `ws:` or `wss:`. A token in its query is sent as it stands. */
  readonly url: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
}

export interface ProgramEndpoint {
  readonly program: string;
  readonly args?: readonly string[] | undefined;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
}

/**
 *   connected ──connection lost──► recovering ──resumed──► connected
 *       │                              │
 *       └──closed by us────────────────┴──deadline, or the session is gone──► ended
 */
export type ClientState =
  | { readonly kind: 'connected' }
  /** Calls wait; processes go on at the other end, and what they print meanwhile is fetched afterwards. */
  | { readonly kind: 'recovering'; readonly reason: string }
  /** For good. Every process that had not closed has failed with this reason. */
  | { readonly kind: 'ended'; readonly reason: string };

type Requests = typeof requests;
export type CallParams<M extends RequestMethod> = CallParamsOf<Requests, M>;
export type CallResult<M extends RequestMethod> = ResultOf<Requests, M>;

/** Methods with a life of their own are not called by name. */
export type PlainMethod = Exclude<
  RequestMethod,
  'initialize' | 'process/start' | 'process/write' | 'http/request'
>;

/** What releases of the server differ in. */
export interface ServerFacts {
  /** Whether `initialize` was answered with facts of the environment: releases up to 0.140 do not, and take native paths. */
  readonly sentEnvironmentInfo: boolean;
  /** Whether a write that is repeated takes effect once; releases up to 0.140 do it twice. */
  readonly repeatsWritesSafely: boolean;
  /** Whether `nextSeq` of `process/read` counts the exit and the close; in releases up to 0.140 it does not. */
  readonly countsEnds: boolean;
}

/** A session on an exec-server, which outlives single connections to it. Disposing it cuts the connection. */
export interface ExecServerClient extends Disposable {
  readonly sessionId: string;
  /** What the server told about itself when the session began. */
  readonly environmentInfo: EnvironmentInfoResponse;
  readonly facts: ServerFacts;
  readonly state: ClientState;
  readonly onDidChangeState: Event<ClientState>;
  /** A watch of `fs/watchMissing` has fired. Watches end with their connection, without a word. */
  readonly onDidChangeMissing: Event<{ readonly watchId: number }>;
  /** The server now offers something else; what `environment/info` would answer. */
  readonly onDidChangeEnvironment: Event<EnvironmentInfoResponse>;

  /**
   * Calls a method. While the connection is being recovered the call waits. One that was under way when
   * the connection went is repeated if that can do no harm.
   *
   * @throws RpcError as the server answered; ExecServerError `connectionClosed` when the client has
   *   ended, or when the answer was lost and the call may have taken effect; `protocolViolation`.
   */
  request<M extends PlainMethod>(method: M, params: CallParams<M>): Promise<CallResult<M>>;

  /**
   * Starts a process. Its events are received from the first one on, also those that overtake the answer.
   * A start whose answer is lost is not repeated: it fails, and what may have been started is terminated.
   *
   * @throws as `request`; then there is no process and nothing is left of it here.
   */
  startProcess(params: CallParams<'process/start'>): Promise<ClientProcess>;

  /**
   * Sends an HTTP request from where the server is. The body is streamed; aborting the signal lets go of it.
   *
   * @throws as `request`; the body throws when it breaks.
   */
  httpRequest(
    params: Omit<CallParams<'http/request'>, 'requestId' | 'streamResponse'>,
    signal?: AbortSignal,
  ): Promise<ClientHttpResponse>;

  /** Stops reading from the connection, so that the server and its programs feel it; and goes on. */
  setReceivingPaused(paused: boolean): void;

  /** Lets go of the server. The session stays there, detached, until it expires. */
  close(): Promise<void>;
}

export interface ClientHttpResponse {
  readonly status: number;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly body: AsyncIterable<Buffer>;
}
