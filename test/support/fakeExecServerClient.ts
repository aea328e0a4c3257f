/** A client of an exec-server that does what a test says, and notes what it was asked. */
import { Deferred } from '../../src/base/deferred';
import { Emitter } from '../../src/base/event';
import type {
  ClientProcess,
  ClientProcessEvent,
  ClientProcessState,
} from '../../src/client/clientProcess';
import type {
  ClientHttpResponse,
  ClientState,
  ExecServerClient,
} from '../../src/client/execServerClient';
import type { EnvironmentInfoResponse } from '../../src/protocol/environmentMessages';
import type { WriteStatus } from '../../src/protocol/processMessages';

/** A call as it was made. */
export interface NotedCall {
  readonly method: string;
  readonly params: unknown;
}

export class FakeExecServerClient implements ExecServerClient {
  private readonly stateEmitter = new Emitter<ClientState>();
  private readonly missingEmitter = new Emitter<{ readonly watchId: number }>();
  private readonly environmentEmitter = new Emitter<EnvironmentInfoResponse>();
  private current: ClientState = { kind: 'connected' };

  readonly sessionId = 'c0ffee00-0000-4000-8000-000000000000';
  readonly onDidChangeState = this.stateEmitter.event;
  readonly onDidChangeMissing = this.missingEmitter.event;
  readonly onDidChangeEnvironment = this.environmentEmitter.event;
  /** Calls, pauses and ends, in order. */
  readonly calls: NotedCall[] = [];
  /** Answers the calls of a method; absent: an empty object. */
  readonly answers = new Map<string, (params: unknown) => unknown>();
  facts = { sentEnvironmentInfo: true, repeatsWritesSafely: true, countsEnds: true };
  environmentInfo: EnvironmentInfoResponse = { shell: { name: 'bash', path: '/bin/bash' } };

  get state(): ClientState {
    return this.current;
  }

  setState(state: ClientState): void {
    this.current = state;
    this.stateEmitter.fire(state);
  }

  fireMissing(watchId: number): void {
    this.missingEmitter.fire({ watchId });
  }

  changeEnvironment(info: EnvironmentInfoResponse): void {
    this.environmentInfo = info;
    this.environmentEmitter.fire(info);
  }

  async request(method: string, params: unknown): Promise<never> {
    return (await this.answer(method, params)) as never;
  }

  async startProcess(params: unknown): Promise<ClientProcess> {
    return (await this.answer('process/start', params)) as ClientProcess;
  }

  async httpRequest(params: unknown): Promise<ClientHttpResponse> {
    return (await this.answer('http/request', params)) as ClientHttpResponse;
  }

  setReceivingPaused(paused: boolean): void {
    this.calls.push({ method: paused ? 'pause' : 'resume', params: undefined });
  }

  close(): Promise<void> {
    this.note('close');
    return Promise.resolve();
  }

  dispose(): void {
    if (this.current.kind === 'ended') return;
    this.note('dispose');
    this.setState({ kind: 'ended', reason: 'it was closed' });
  }

  private note(method: string): void {
    this.calls.push({ method, params: undefined });
  }

  private async answer(method: string, params: unknown): Promise<unknown> {
    this.calls.push({ method, params });
    return (await this.answers.get(method)?.(params)) ?? {};
  }
}

export class FakeClientProcess implements ClientProcess {
  private readonly emitter = new Emitter<ClientProcessEvent>();
  readonly processId = 'p';
  readonly sandboxType = 'none';
  readonly onDidEmit = this.emitter.event;
  readonly ended = new Deferred<ClientProcessState>().promise;
  readonly state = {
    status: 'running',
    exitCode: undefined,
    failure: undefined,
    lastSeq: 0,
  } as const;
  /** What it was told, in order. */
  readonly calls: string[] = [];
  /** Refuses or answers a call by its name; absent: it is done. */
  readonly answers = new Map<string, () => unknown>();

  emit(event: ClientProcessEvent): void {
    this.emitter.fire(event);
  }

  events(): AsyncIterable<ClientProcessEvent> {
    throw new Error('Nobody iterates over a stand-in');
  }

  write(chunk: Buffer): Promise<WriteStatus> {
    return this.answer(`write ${chunk.toString()}`, 'write', 'accepted');
  }

  closeStdin(): Promise<WriteStatus> {
    return this.answer('closeStdin', 'closeStdin', 'accepted');
  }

  async resize({ rows, cols }: { readonly rows: number; readonly cols: number }): Promise<void> {
    await this.answer(`resize ${rows}x${cols}`, 'resize', undefined);
  }

  async signal(signal: string): Promise<void> {
    await this.answer(`signal ${signal}`, `signal ${signal}`, undefined);
  }

  terminate(): Promise<{ readonly running: boolean }> {
    return this.answer('terminate', 'terminate', { running: true });
  }

  private async answer<T>(noted: string, key: string, usual: T): Promise<T> {
    this.calls.push(noted);
    const answer = this.answers.get(key);
    return answer === undefined ? usual : ((await answer()) as T);
  }
}
