import type { Clock } from '../base/clock';
import { Deferred } from '../base/deferred';
import { DisposableStore } from '../base/lifecycle';
import type { ManagedProcess } from '../environment/processBackend';
import type { ReadResponse } from '../protocol/processMessages';

/** Where a read begins, how much it takes and how long it may wait for something to read. */
export interface ReadRequest {
  readonly afterSeq: number;
  readonly maxBytes: number | undefined;
  readonly waitMs: number;
}

/** A long poll that can be called off. */
export interface PendingRead {
  readonly response: ReadResponse | Promise<ReadResponse>;
  cancel(error: Error): void;
}

/** Reads what a process wrote, at once if there is anything to tell, else when there is or time is up. */
export function readOutput(
  process: ManagedProcess,
  request: ReadRequest,
  clock: Clock,
): PendingRead {
  const immediate = respond(process, request);
  if (hasNews(process, request, immediate) || request.waitMs === 0) {
    return { response: immediate, cancel: () => undefined };
  }
  const answer = new Deferred<ReadResponse>();
  const wait = new DisposableStore();
  const settle = (): void => {
    wait.dispose();
    answer.resolve(respond(process, request));
  };
  wait.add(clock.schedule(settle, request.waitMs));
  wait.add(
    process.onDidEmit((event) => {
      if (event.seq > request.afterSeq || event.type === 'closed') settle();
    }),
  );
  return {
    response: answer.promise,
    cancel(error) {
      wait.dispose();
      answer.reject(error);
    },
  };
}

function hasNews(process: ManagedProcess, { afterSeq }: ReadRequest, read: ReadResponse): boolean {
  const { exited, closed, nextSeq } = process.state;
  return read.chunks.length > 0 || closed || (exited && afterSeq < nextSeq - 1);
}

function respond(process: ManagedProcess, { afterSeq, maxBytes }: ReadRequest): ReadResponse {
  const { chunks } = process.retainedOutput(afterSeq, maxBytes ?? Number.POSITIVE_INFINITY);
  const { exited, exitCode, sandboxDenied, closed, failure, nextSeq } = process.state;
  const last = chunks.at(-1);
  return {
    chunks: chunks.map(({ seq, stream, chunk }) => ({
      seq,
      stream,
      chunk: chunk.toString('base64'),
    })),
    // A bounded read ends where its last chunk ended, so that the reader asks on from there.
    nextSeq: maxBytes !== undefined && last !== undefined ? last.seq + 1 : nextSeq,
    exited,
    exitCode: exitCode ?? null,
    closed,
    failure: failure ?? null,
    sandboxDenied: sandboxDenied ?? false,
  };
}
