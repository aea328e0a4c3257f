import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from '../../../base/clock';
import { Deferred } from '../../../base/deferred';
import { toError } from '../../../base/errors';
import type { Disposable } from '../../../base/lifecycle';
import type { Limits } from '../../../base/limits';
import type { Logger } from '../../../base/logger';
import { ErrorCode, RpcError } from '../../../protocol/errorCodes';
import type { OpenTerminals } from '../openTerminals';
import type { ConfinedProgram } from '../sandbox/confinement';
import { FrameDecoder, encodeFrame } from './frames';
import type { HelperMessage, HelperOperation, HelperRequest, HelperStart } from './helperMessages';
import { HelperMessageSchema, restoreFailure } from './helperMessages';

/** What a helper is started with. */
export interface FileHelperContext {
  readonly terminals: OpenTerminals;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** An answer as it came; its value is parsed by whoever knows what it asked. */
export interface HelperAnswer {
  readonly value: unknown;
  readonly body: Buffer;
}

/** Enough of a failed helper's last words for the log. */
const maxReasonLength = 400;

/** A running file helper. When it ends, every call under way fails and it takes no more. */
export class FileHelperProcess implements Disposable {
  private readonly pending = new Map<number, Deferred<HelperAnswer>>();
  private readonly watches = new Map<number, () => void>();
  private readonly ready = new Deferred<void>();
  private readonly ended = new Deferred<void>();
  private readonly input: Writable;
  private lastId = 0;
  private reason = '';
  private isOver = false;

  private constructor(
    private readonly child: ChildProcess,
    streams: { readonly input: Writable; readonly output: Readable; readonly errors: Readable },
    private readonly context: FileHelperContext,
  ) {
    this.input = streams.input;
    const { limits } = context;
    const decoder = new FrameDecoder({
      maxHeadBytes: limits.maxFileHelperAnswerBytes,
      maxBodyBytes: limits.maxReadFileBytes,
    });
    streams.output.on('data', (data: Buffer) => {
      try {
        decoder.push(data, ({ head, body }) => this.receive(HelperMessageSchema.parse(head), body));
      } catch (error) {
        this.fail(toError(error).message);
      }
    });
    streams.errors.on('data', (data: Buffer) => {
      this.reason = (this.reason + data.toString()).slice(-maxReasonLength);
    });
    // Its end is reported by the process itself.
    this.input.on('error', () => undefined);
    child.on('error', (error) => this.fail(error.message));
    child.on('close', () => this.fail(this.reason));
  }

  /** Starts a helper and resolves when it takes calls. */
  static async start(
    confined: ConfinedProgram,
    start: HelperStart,
    context: FileHelperContext,
  ): Promise<FileHelperProcess> {
    const [file, ...args] = confined.program.argv;
    const child = context.terminals.cover((extraSlots) =>
      spawn(file, args, {
        cwd: confined.program.cwd,
        env: { ...confined.program.env },
        stdio: ['pipe', 'pipe', 'pipe', ...extraSlots],
        // A signal from the executor's terminal is not meant for it.
        detached: true,
      }),
    );
    const { stdin: input, stdout: output, stderr: errors } = child;
    if (input === null || output === null || errors === null) {
      throw new Error('A file helper was started without pipes');
    }
    const helper = new FileHelperProcess(child, { input, output, errors }, context);
    const deadline = context.clock.schedule(
      () => helper.fail('it did not answer in time'),
      context.limits.sandboxStartMs,
    );
    helper.write(start);
    try {
      await helper.ready.promise;
    } finally {
      deadline.dispose();
    }
    return helper;
  }

  /** Settles when the helper is gone. */
  get ending(): Promise<void> {
    return this.ended.promise;
  }

  get isRunning(): boolean {
    return !this.isOver;
  }

  /** @throws RpcError as the file system would, and −32603 when the helper ends before it answers. */
  call(operation: HelperOperation, content?: Buffer): Promise<HelperAnswer> {
    if (this.isOver) return Promise.reject(helperEnded());
    const id = (this.lastId += 1);
    const answer = new Deferred<HelperAnswer>();
    this.pending.set(id, answer);
    const request: HelperRequest = { id, operation };
    this.write(request, content);
    return answer.promise;
  }

  /** Calls `onDidChange` once, when the helper reports the watch of this number. */
  onChange(watch: number, onDidChange: () => void): void {
    this.watches.set(watch, onDidChange);
  }

  forgetWatch(watch: number): void {
    this.watches.delete(watch);
  }

  nextWatch(): number {
    return (this.lastId += 1);
  }

  dispose(): void {
    this.child.kill('SIGKILL');
    this.end();
  }

  private write(head: unknown, body?: Buffer): void {
    for (const piece of encodeFrame(head, body)) this.input.write(piece);
  }

  private receive(message: HelperMessage, body: Buffer): void {
    if ('ready' in message) {
      this.ready.resolve();
      return;
    }
    if ('changed' in message) {
      const tell = this.watches.get(message.changed);
      this.watches.delete(message.changed);
      tell?.();
      return;
    }
    const answer = this.pending.get(message.id);
    this.pending.delete(message.id);
    if ('failure' in message) answer?.reject(restoreFailure(message.failure));
    else answer?.resolve({ value: message.value, body });
  }

  private fail(reason: string): void {
    if (this.isOver) return;
    this.context.logger.warn('A file helper ended', { reason });
    this.dispose();
  }

  private end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.ready.reject(helperEnded());
    for (const answer of this.pending.values()) answer.reject(helperEnded());
    this.pending.clear();
    // Nobody watches any more, so what is watched may have changed.
    for (const tell of this.watches.values()) tell();
    this.watches.clear();
    this.ended.resolve();
  }
}

const helperEnded = (): RpcError =>
  new RpcError(
    ErrorCode.internal,
    'the sandbox of this file operation ended before it was done; look at its effect and try again',
  );
