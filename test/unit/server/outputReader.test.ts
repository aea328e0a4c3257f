import { describe, expect, it } from 'vitest';
import type { ReadRequest } from '../../../src/server/outputReader';
import { readOutput } from '../../../src/server/outputReader';
import { FakeClock, settled } from '../../support/fakeClock';
import { FakeProcess } from '../../support/wireFakes';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const chunk = (seq: number, text: string): unknown => ({
  seq,
  stream: 'stdout',
  chunk: base64(text),
});

const answer = (parts: object): unknown => ({
  chunks: [],
  nextSeq: 1,
  exited: false,
  exitCode: null,
  closed: false,
  failure: null,
  sandboxDenied: false,
  ...parts,
});

/** A read under way, with its answer once there is one. */
function watchedRead(
  process: FakeProcess,
  parts: Partial<ReadRequest>,
): { clock: FakeClock; result: unknown[]; cancel: (error: Error) => void } {
  const clock = new FakeClock();
  const result: unknown[] = [];
  const request = { afterSeq: 0, maxBytes: undefined, waitMs: 0, ...parts };
  const pending = readOutput(process, request, clock);
  if (pending.response instanceof Promise) {
    pending.response.then(
      (response) => result.push(response),
      (error: unknown) => result.push(error),
    );
  } else {
    result.push(pending.response);
  }
  return {
    clock,
    result,
    cancel: (error) => {
      pending.cancel(error);
    },
  };
}

describe('readOutput', () => {
  it('answers at once with what is there', () => {
    const process = new FakeProcess();
    process.print('a');
    process.print('b');
    expect(watchedRead(process, { waitMs: 1000 }).result).toEqual([
      answer({ chunks: [chunk(1, 'a'), chunk(2, 'b')], nextSeq: 3 }),
    ]);
  });

  it('answers at once with nothing when it may not wait', () => {
    expect(watchedRead(new FakeProcess(), {}).result).toEqual([answer({})]);
  });

  it('ends a bounded read where its last chunk ended, even if nothing is left', () => {
    const process = new FakeProcess();
    process.print('abc');
    process.print('def');
    process.exit(0);
    process.close();
    const state = { exited: true, exitCode: 0, closed: true };
    expect(
      [0, 3, 5, 6, 100].map((maxBytes) => watchedRead(process, { maxBytes }).result[0]),
    ).toEqual([
      answer({ ...state, chunks: [chunk(1, 'abc')], nextSeq: 2 }),
      answer({ ...state, chunks: [chunk(1, 'abc')], nextSeq: 2 }),
      answer({ ...state, chunks: [chunk(1, 'abc')], nextSeq: 2 }),
      answer({ ...state, chunks: [chunk(1, 'abc'), chunk(2, 'def')], nextSeq: 3 }),
      answer({ ...state, chunks: [chunk(1, 'abc'), chunk(2, 'def')], nextSeq: 3 }),
    ]);
  });

  it('tells the next number of the process when a bounded read finds nothing', () => {
    const process = new FakeProcess();
    process.print('abc');
    process.exit(3);
    expect(watchedRead(process, { maxBytes: 10, afterSeq: 99 }).result).toEqual([
      answer({ nextSeq: 3, exited: true, exitCode: 3 }),
    ]);
  });

  it('waits for output and lets go of timer and process then', async () => {
    const process = new FakeProcess();
    const { clock, result } = watchedRead(process, { waitMs: 1000 });
    await settled();
    const before = [...result];
    process.print('news');
    await settled();
    expect({ before, result, timers: clock.pendingTimers, followed: process.hasListeners }).toEqual(
      {
        before: [],
        result: [answer({ chunks: [chunk(1, 'news')], nextSeq: 2 })],
        timers: 0,
        followed: false,
      },
    );
  });

  it('answers empty when time is up, and lets go', async () => {
    const process = new FakeProcess();
    const { clock, result } = watchedRead(process, { waitMs: 1000 });
    clock.advance(999);
    await settled();
    const before = [...result];
    clock.advance(1);
    await settled();
    expect({ before, result, timers: clock.pendingTimers, followed: process.hasListeners }).toEqual(
      {
        before: [],
        result: [answer({})],
        timers: 0,
        followed: false,
      },
    );
  });

  it('wakes for the exit, and after it was read only for late output or the close', async () => {
    const process = new FakeProcess();
    const first = watchedRead(process, { waitMs: 1000 });
    process.exit(4);
    await settled();
    const second = watchedRead(process, { afterSeq: 1, waitMs: 1000 });
    await settled();
    const before = [...second.result];
    process.close();
    await settled();
    expect({ first: first.result, before, second: second.result }).toEqual({
      first: [answer({ nextSeq: 2, exited: true, exitCode: 4 })],
      before: [],
      second: [answer({ nextSeq: 3, exited: true, exitCode: 4, closed: true })],
    });
  });

  it('sleeps through output its reader has already asked beyond', async () => {
    const process = new FakeProcess();
    const { result } = watchedRead(process, { afterSeq: 2, waitMs: 1000 });
    process.print('1');
    process.print('2');
    await settled();
    const before = [...result];
    process.print('3');
    await settled();
    expect({ before, result }).toEqual({
      before: [],
      result: [answer({ chunks: [chunk(3, '3')], nextSeq: 4 })],
    });
  });

  it('does not wait on a process that has closed, wherever the reader stands', () => {
    const process = new FakeProcess();
    process.exit(0);
    process.close();
    expect(watchedRead(process, { afterSeq: 99, waitMs: 1000 }).result).toEqual([
      answer({ nextSeq: 3, exited: true, exitCode: 0, closed: true }),
    ]);
  });

  it('fails when it is called off, and lets go', async () => {
    const process = new FakeProcess();
    const { clock, result, cancel } = watchedRead(process, { waitMs: 1000 });
    cancel(new Error('called off'));
    process.print('too late');
    await settled();
    expect({ result, timers: clock.pendingTimers, followed: process.hasListeners }).toEqual({
      result: [new Error('called off')],
      timers: 0,
      followed: false,
    });
  });

  it('tells why nobody knows what became of a process', async () => {
    const process = new FakeProcess();
    const { result } = watchedRead(process, { waitMs: 1000 });
    process.fail('the connection was lost');
    await settled();
    const failed = { exited: true, exitCode: 255, closed: true };
    expect(result).toEqual([
      answer({ ...failed, failure: 'the connection was lost', nextSeq: expect.any(Number) }),
    ]);
  });
});
