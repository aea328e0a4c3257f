import { Emitter } from '../../src/base/event';
import { OutputLog } from '../../src/environment/outputLog';
import type {
  ManagedProcess,
  ProcessBackend,
  ProcessEvent,
  ProcessState,
  RetainedOutput,
} from '../../src/environment/processBackend';
import type { Attachment } from '../../src/server/attachment';

/** A process without a program: it does what a test says. */
export class ControlFakeProcess implements ManagedProcess {
  private readonly emitter = new Emitter<ProcessEvent>();
  private readonly log: OutputLog;
  private exitCode: number | undefined;
  private closed = false;
  readonly pid = 4711;
  readonly onDidEmit = this.emitter.event;
  readonly pauses: boolean[] = [];

  constructor(maxRetainedOutputBytes = 1024 * 1024) {
    this.log = new OutputLog({ maxRetainedOutputBytes, maxRetainedOutputChunks: 1000 });
  }

  get state(): ProcessState {
    return {
      exited: this.exitCode !== undefined,
      exitCode: this.exitCode,
      closed: this.closed,
      nextSeq: this.log.nextSeq,
    };
  }

  say(text: string): void {
    this.emitter.fire({ type: 'output', ...this.log.append('stdout', Buffer.from(text)) });
  }

  exit(exitCode: number): void {
    this.exitCode = exitCode;
    this.emitter.fire({ type: 'exited', seq: this.log.takeSeq(), exitCode });
  }

  close(): void {
    this.closed = true;
    this.emitter.fire({ type: 'closed', seq: this.log.takeSeq() });
  }

  retainedOutput(afterSeq: number, maxBytes: number): RetainedOutput {
    return this.log.retained(afterSeq, maxBytes);
  }

  setOutputPaused(paused: boolean): void {
    this.pauses.push(paused);
  }

  write(): Promise<'accepted'> {
    return Promise.resolve('accepted');
  }

  closeStdin(): Promise<'accepted'> {
    return Promise.resolve('accepted');
  }

  resize(): void {
    // Nothing has a size here.
  }

  signal(): void {
    // Nobody hears it.
  }

  terminate(): { readonly running: boolean } {
    const running = this.exitCode === undefined;
    if (running) this.exit(137);
    if (!this.closed) this.close();
    return { running };
  }

  end(): Promise<void> {
    this.terminate();
    return Promise.resolve();
  }
}

/** Hands out the processes a test has prepared. */
export function fakeBackend(...processes: readonly ManagedProcess[]): ProcessBackend {
  const waiting = [...processes];
  return {
    start: () => {
      const process = waiting.shift();
      if (process === undefined) throw new Error('No fake process is left');
      return Promise.resolve(process);
    },
  };
}

/** A connection that takes everything and says nothing. */
export const silentAttachment: Attachment = {
  binaryOutput: false,
  notify: () => undefined,
  isCongested: false,
  onDidChangeCongestion: () => ({ dispose: () => undefined }),
  isAlive: () => Promise.resolve(true),
  isOpen: true,
  evict: () => undefined,
  dismiss: () => undefined,
};
