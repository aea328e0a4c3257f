import type { Clock } from '../base/clock';
import { Emitter } from '../base/event';
import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import { DisposableStore, MutableDisposable, toDisposable } from '../base/lifecycle';
import type { Logger } from '../base/logger';
import type { ManagedProcess, ProcessBackend, StartRequest } from '../environment/processBackend';
import type { RpcError } from '../protocol/errorCodes';
import {
  invalidRequest,
  limitReached,
  toRpcError,
  unknownProcess,
  unknownSession,
} from '../protocol/errorCodes';
import type { ReadResponse } from '../protocol/processMessages';
import type { Attachment } from './attachment';
import type { ClosedProcesses } from './closedProcesses';
import type { PendingRead, ReadRequest } from './outputReader';
import { readOutput } from './outputReader';
import { ProcessNotifications } from './processNotifications';
import type { EndedBy, FailedStart, ProcessDescription } from './sessionProcess';
import { SessionProcess } from './sessionProcess';

export interface SessionDependencies {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly logger: Logger;
  /** The executor's next process number. */
  readonly nextSerial: () => number;
  /** Processes of all sessions that have not closed. */
  readonly openProcesses: () => number;
  readonly closedProcesses: ClosedProcesses;
}

/**
 * What survives a connection: it owns processes and their ids, and talks to at most one attachment.
 *
 *   attached ──connection lost──► detached ──deadline──► ended
 *      ▲                             │
 *      └───────────resume────────────┘
 */
export class Session {
  private readonly byId = new Map<string, SessionProcess>();
  /** Ids taken by a start that is still under way. */
  private readonly starting = new Set<string>();
  private readonly retention = new Map<SessionProcess, Disposable>();
  private readonly pendingReads = new Set<PendingRead>();
  private readonly attachmentSubscription = new MutableDisposable<Disposable>();
  private readonly processStartEmitter = new Emitter<SessionProcess>();
  private readonly processForgetEmitter = new Emitter<SessionProcess>();
  private readonly startFailureEmitter = new Emitter<FailedStart>();
  private attachment: Attachment | undefined;
  /** Processes that were adopted and have not closed. */
  private runningCount = 0;
  private over = false;

  readonly onDidStartProcess = this.processStartEmitter.event;
  readonly onDidForgetProcess = this.processForgetEmitter.event;
  /** A program could not be started; its id is free again. */
  readonly onDidFailToStart = this.startFailureEmitter.event;
  readonly createdAtMs: number;

  constructor(
    readonly id: string,
    readonly clientName: string,
    private readonly dependencies: SessionDependencies,
  ) {
    this.createdAtMs = dependencies.clock.now();
  }

  get currentAttachment(): Attachment | undefined {
    return this.attachment;
  }

  get processes(): Iterable<SessionProcess> {
    return this.byId.values();
  }

  /** Processes that have not closed, those being started included. */
  get openProcessCount(): number {
    return this.starting.size + this.runningCount;
  }

  /** Gives the session to a connection. Reads the one before it was waiting for are rejected. */
  attach(attachment: Attachment): void {
    const previous = this.attachment;
    this.attachment = attachment;
    this.cancelReads(readCancelled('the session was resumed by another connection'));
    this.attachmentSubscription.value = attachment.onDidChangeCongestion((congested) => {
      this.pauseOutput(congested);
    });
    this.pauseOutput(attachment.isCongested);
    previous?.evict();
  }

  /** Takes the session from a connection that ended; without effect for one that no longer has it. */
  detach(attachment: Attachment): boolean {
    if (this.attachment !== attachment) return false;
    this.attachment = undefined;
    this.attachmentSubscription.value = undefined;
    this.cancelReads(readCancelled('the connection was lost'));
    // Nobody reads live now; the log keeps the newest output and drops the oldest.
    this.pauseOutput(false);
    return true;
  }

  /** @throws RpcError for a taken id, a bound reached or a program that cannot be started. */
  async start(
    processId: string,
    request: StartRequest,
    backend: ProcessBackend,
  ): Promise<SessionProcess> {
    this.refuseWhenOver();
    const { limits, clock, logger } = this.dependencies;
    if (this.byId.has(processId) || this.starting.has(processId)) {
      throw invalidRequest(`process ${processId} already exists`);
    }
    if (this.openProcessCount >= limits.maxProcessesPerSession) {
      throw limitReached('processes may run in one session', limits.maxProcessesPerSession);
    }
    if (this.dependencies.openProcesses() >= limits.maxProcesses) {
      throw limitReached('processes may run at once', limits.maxProcesses);
    }
    this.starting.add(processId);
    try {
      const process = await this.launch(processId, request, backend);
      if (this.over) {
        process.terminate();
        throw unknownSession(this.id);
      }
      const entry = new SessionProcess(this.describe(processId, request), process, clock, limits);
      this.adopt(entry);
      logger.info('process started', {
        id: processId,
        pid: process.pid,
        tty: entry.description.tty,
      });
      return entry;
    } finally {
      this.starting.delete(processId);
    }
  }

  /** @throws RpcError when the id names no process of this session. */
  process(processId: string): SessionProcess {
    const entry = this.byId.get(processId);
    if (entry !== undefined) return entry;
    if (this.starting.has(processId)) throw invalidRequest(`process id ${processId} is starting`);
    throw unknownProcess(processId);
  }

  /** The same where not knowing it is an ordinary answer. */
  findProcess(processId: string): SessionProcess | 'starting' | undefined {
    return this.byId.get(processId) ?? (this.starting.has(processId) ? 'starting' : undefined);
  }

  /** Reads output for the present attachment; a long poll ends with an error when it loses the session. */
  read(processId: string, request: ReadRequest): ReadResponse | Promise<ReadResponse> {
    const pending = readOutput(this.process(processId).process, request, this.dependencies.clock);
    if (!(pending.response instanceof Promise)) return pending.response;
    this.pendingReads.add(pending);
    return pending.response.finally(() => {
      this.pendingReads.delete(pending);
    });
  }

  /** Answers the reads that wait for output with an error. */
  cancelReads(error: RpcError): void {
    for (const pending of this.pendingReads) pending.cancel(error);
    this.pendingReads.clear();
  }

  /** Ends the session and everything it started, politely at first when there is time for it. */
  async end(by: EndedBy, graceMs: number): Promise<void> {
    if (this.over) return;
    this.over = true;
    this.cancelReads(readCancelled('the session has ended'));
    const { attachment } = this;
    this.attachment = undefined;
    this.attachmentSubscription.dispose();
    attachment?.dismiss(
      by === 'shutdown' ? 'exec-server is shutting down' : 'session ended by the user',
    );
    const entries = [...this.byId.values()];
    await Promise.all(entries.map((entry) => entry.end(by, graceMs)));
    for (const entry of entries) this.forget(entry);
    this.dependencies.logger.info('session ended', { by });
  }

  private async launch(
    processId: string,
    request: StartRequest,
    backend: ProcessBackend,
  ): Promise<ManagedProcess> {
    try {
      return await backend.start({ ...request, readerId: this.id });
    } catch (error) {
      const { clock, logger } = this.dependencies;
      const { code, message } = toRpcError(error);
      logger.info('process not started', { id: processId, code });
      this.startFailureEmitter.fire({
        description: this.describe(processId, request),
        failure: message,
        remote: backend.remote,
        failedAtMs: clock.now(),
      });
      throw error;
    }
  }

  private describe(processId: string, request: StartRequest): ProcessDescription {
    return {
      serial: this.dependencies.nextSerial(),
      sessionId: this.id,
      processId,
      argv: request.argv,
      cwd: request.cwd,
      tty: request.terminal !== undefined,
      acceptsInput: request.terminal !== undefined || request.pipeStdin,
    };
  }

  private adopt(entry: SessionProcess): void {
    const { process, description } = entry;
    this.byId.set(description.processId, entry);
    this.runningCount += 1;
    const notifications = new ProcessNotifications(description.processId);
    const subscriptions = new DisposableStore();
    subscriptions.add(
      process.onDidEmit((event) => {
        const { attachment } = this;
        attachment?.notify(notifications.encode(event, attachment.binaryOutput));
        if (event.type === 'closed') {
          this.runningCount -= 1;
          subscriptions.add(
            this.dependencies.closedProcesses.add(entry, () => {
              this.forget(entry);
            }),
          );
        }
      }),
    );
    this.retention.set(
      entry,
      toDisposable(() => {
        subscriptions.dispose();
      }),
    );
    if (this.attachment?.isCongested === true) process.setOutputPaused(true);
    this.processStartEmitter.fire(entry);
  }

  private forget(entry: SessionProcess): void {
    if (!this.retention.has(entry)) return;
    this.retention.get(entry)?.dispose();
    this.retention.delete(entry);
    this.byId.delete(entry.description.processId);
    this.processForgetEmitter.fire(entry);
    entry.dispose();
  }

  private pauseOutput(paused: boolean): void {
    for (const { process } of this.byId.values()) process.setOutputPaused(paused);
  }

  private refuseWhenOver(): void {
    if (this.over) throw unknownSession(this.id);
  }
}

const readCancelled = (reason: string): RpcError => invalidRequest(`read cancelled: ${reason}`);
