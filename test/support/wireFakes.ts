/** Stand-ins below and above a session: a process that does what a test says, and a connection. */
import { Emitter } from '../../src/base/event';
import type {
  ManagedProcess,
  OutputChunk,
  ProcessBackend,
  ProcessEvent,
  ProcessState,
  RetainedOutput,
  StartRequest,
} from '../../src/environment/processBackend';
import { LOST_EXIT_CODE } from '../../src/environment/processBackend';
import type { Deferred } from '../../src/base/deferred';
import type { OutgoingMessage } from '../../src/protocol/outgoingMessage';
import { bytesOfMessage } from '../../src/protocol/outgoingMessage';
import type { Attachment } from '../../src/server/attachment';

/** A process whose every event a test causes. It notes what it was told to do. */
export class FakeProcess implements ManagedProcess {
  private readonly emitter = new Emitter<ProcessEvent>();
  private readonly chunks: OutputChunk[] = [];
  private exitCode: number | undefined;
  private closed = false;
  private failure: string | undefined;
  private next = 1;
  /** Every call that has an effect on the program, in order. */
  readonly calls: string[] = [];
  /** What writes wait for; absent: they are accepted at once. */
  writeGate: Deferred<'accepted' | 'stdinClosed'> | undefined;

  readonly pid = 4711;
  remote: string | undefined;
  readonly onDidEmit = this.emitter.event;

  get state(): ProcessState {
    const { exitCode, closed, failure, next } = this;
    return { exited: exitCode !== undefined, exitCode, closed, failure, nextSeq: next };
  }

  get hasListeners(): boolean {
    return this.emitter.hasListeners;
  }

  print(text: string): void {
    const chunk: OutputChunk = { seq: this.takeSeq(), stream: 'stdout', chunk: Buffer.from(text) };
    this.chunks.push(chunk);
    this.emitter.fire({ type: 'output', ...chunk });
  }

  exit(exitCode: number): void {
    this.exitCode = exitCode;
    this.emitter.fire({ type: 'exited', seq: this.takeSeq(), exitCode });
  }

  close(): void {
    this.closed = true;
    this.emitter.fire({ type: 'closed', seq: this.takeSeq() });
  }

  /** Nobody can tell any more what becomes of it. */
  fail(reason: string): void {
    this.failure = reason;
    // All at once, so that nobody sees it exited and still hopes for more.
    this.closed = true;
    this.exit(LOST_EXIT_CODE);
    this.close();
  }

  retainedOutput(afterSeq: number, maxBytes: number): RetainedOutput {
    const chunks: OutputChunk[] = [];
    let bytes = 0;
    for (const chunk of this.chunks) {
      if (chunk.seq <= afterSeq) continue;
      bytes += chunk.chunk.length;
      if (chunks.length > 0 && bytes > maxBytes) break;
      chunks.push(chunk);
    }
    return { chunks, droppedBytes: 0 };
  }

  setOutputPaused(paused: boolean): void {
    this.calls.push(paused ? 'pause' : 'resume');
  }

  write(chunk: Buffer): Promise<'accepted' | 'stdinClosed'> {
    this.calls.push(`write ${chunk.toString()}`);
    return this.writeGate?.promise ?? Promise.resolve('accepted');
  }

  closeStdin(): Promise<'accepted' | 'stdinClosed'> {
    this.calls.push('closeStdin');
    return Promise.resolve('accepted');
  }

  resize(): void {
    this.calls.push('resize');
  }

  signal(signal: string): void {
    this.calls.push(`signal ${signal}`);
  }

  terminate(): { readonly running: boolean } {
    const running = this.exitCode === undefined;
    this.calls.push('terminate');
    return { running };
  }

  end(graceMs: number): Promise<void> {
    this.calls.push(`end ${graceMs}`);
    return Promise.resolve();
  }

  private takeSeq(): number {
    this.next += 1;
    return this.next - 1;
  }
}

/** Gives out processes made before, one a start. */
export class FakeBackend implements ProcessBackend {
  /** What a start waits for; absent: nothing. */
  startGate: Deferred<void> | undefined;
  readonly started: FakeProcess[] = [];
  /** What was asked for, whatever became of it. */
  readonly requests: StartRequest[] = [];

  async start(request: StartRequest): Promise<FakeProcess> {
    this.requests.push(request);
    await this.startGate?.promise;
    const process = new FakeProcess();
    this.started.push(process);
    return process;
  }
}

/** A connection as a session sees it. */
export class FakeAttachment implements Attachment {
  private readonly congestionEmitter = new Emitter<boolean>();
  private congested = false;
  /** Notifications decoded, evictions and dismissals, in order. */
  readonly received: unknown[] = [];
  /** What the next pings are answered with. */
  pingAnswer: Promise<boolean> = Promise.resolve(true);
  /** The time given to every ping. */
  readonly pings: number[] = [];
  isOpen = true;
  binaryOutput = false;

  readonly onDidChangeCongestion = this.congestionEmitter.event;

  get isCongested(): boolean {
    return this.congested;
  }

  setCongested(congested: boolean): void {
    this.congested = congested;
    this.congestionEmitter.fire(congested);
  }

  notify(message: OutgoingMessage): void {
    this.received.push(JSON.parse(bytesOfMessage(message).toString()));
  }

  isAlive(timeoutMs: number): Promise<boolean> {
    this.pings.push(timeoutMs);
    return this.pingAnswer;
  }

  evict(): void {
    this.received.push('evicted');
  }

  dismiss(reason: string): void {
    this.received.push(`dismissed: ${reason}`);
  }
}
