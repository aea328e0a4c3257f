import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import { nullLogger } from '../../../../src/base/logger';
import type { ProcessEvent } from '../../../../src/environment/processBackend';
import { ReaderSession } from '../../../../src/environment/remote/readerSession';
import { RemotePeer } from '../../../../src/environment/remote/remotePeer';
import { RemoteProcess } from '../../../../src/environment/remote/remoteProcess';
import { ExecServerError } from '../../../../src/base/errors';
import { methodNotFound } from '../../../../src/protocol/errorCodes';
import { FakeClock, settled } from '../../../support/fakeClock';
import { FakeClientProcess, FakeExecServerClient } from '../../../support/fakeExecServerClient';

function openProcess({ isTerminal = false } = {}) {
  const clock = new FakeClock();
  const client = new FakeExecServerClient();
  const there = new FakeClientProcess();
  const peer = new RemotePeer(client);
  const session = new ReaderSession({
    peer,
    limits: defaultLimits,
    clock,
    logger: nullLogger,
    onDidEnd: () => undefined,
  });
  const process = new RemoteProcess(there, {
    remote: 'builder',
    session,
    abilities: peer.abilities,
    isTerminal,
    limits: { ...defaultLimits, maxRemoteInputBytes: 4, remoteEndMs: 1000 },
    clock,
    logger: nullLogger,
  });
  const events: ProcessEvent[] = [];
  process.onDidEmit((event) => {
    events.push(event.type === 'output' ? { ...event, chunk: Buffer.from(event.chunk) } : event);
  });
  return { process, there, client, clock, events };
}

const output = (seq: number, text: string) =>
  ({ type: 'output', seq, stream: 'stdout', chunk: Buffer.from(text) }) as const;

const exited = (seq: number) =>
  ({ type: 'exited', seq, exitCode: 3, sandboxDenied: false }) as const;

describe('a process at a remote', () => {
  it('is told to have ended after its output, also when its exit came before that', () => {
    const { process, there, events, clock } = openProcess();
    there.emit(output(1, 'a'));
    there.emit(exited(2));
    const meanwhile = process.state;
    there.emit(output(3, 'b'));
    there.emit({ type: 'closed', seq: 4 });
    expect({ events, meanwhile, state: process.state, timers: clock.pendingTimers }).toEqual({
      events: [
        output(1, 'a'),
        output(2, 'b'),
        { type: 'exited', seq: 3, exitCode: 3 },
        { type: 'closed', seq: 4 },
      ],
      meanwhile: { exited: false, closed: false, nextSeq: 2 },
      state: { exited: true, exitCode: 3, closed: true, nextSeq: 5 },
      timers: 0,
    });
  });

  it('is told to have ended soon when what it left in the background keeps its output open', () => {
    const { process, there, events, clock } = openProcess();
    there.emit(exited(1));
    clock.advance(defaultLimits.remoteLastOutputMs - 1);
    const before = process.state.exited;
    clock.advance(1);
    const after = process.state.exited;
    there.emit(output(2, 'late'));
    there.emit({ type: 'closed', seq: 3 });
    expect({ before, after, events }).toEqual({
      before: false,
      after: true,
      events: [
        { type: 'exited', seq: 1, exitCode: 3 },
        output(2, 'late'),
        { type: 'closed', seq: 3 },
      ],
    });
  });

  it('that is lost after its exit keeps its exit code', () => {
    const { process, there, events } = openProcess({ isTerminal: true });
    there.emit(exited(1));
    there.emit({ type: 'failed', message: 'the line was cut' });
    const failure = 'the process on builder was lost: the line was cut';
    expect([process.state, events]).toEqual([
      { exited: true, exitCode: 3, closed: true, failure, nextSeq: 4 },
      [
        { type: 'output', seq: 1, stream: 'pty', chunk: Buffer.from(`\r\n${failure}\r\n`) },
        { type: 'exited', seq: 2, exitCode: 3 },
        { type: 'closed', seq: 3 },
      ],
    ]);
  });

  it('is asked to end, then forced, then given up', async () => {
    const { process, there, client, clock } = openProcess();
    process.setOutputPaused(true);
    const ended = process.end(500);
    await clock.advanceSettled(499);
    const asked = [...there.calls];
    await clock.advanceSettled(1);
    await clock.advanceSettled(1000);
    await ended;
    expect([asked, there.calls, client.calls.map(({ method }) => method), process.state]).toEqual([
      ['signal terminate'],
      ['signal terminate', 'terminate'],
      ['pause', 'resume', 'resume'],
      expect.objectContaining({
        exitCode: 255,
        closed: true,
        failure: 'the process on builder was lost: it did not end in time',
      }),
    ]);
  });

  it('that ends when it is asked is not forced', async () => {
    const { process, there, clock } = openProcess({ isTerminal: true });
    const ended = process.end(500);
    await settled();
    there.emit({ type: 'exited', seq: 1, exitCode: 0, sandboxDenied: false });
    there.emit({ type: 'closed', seq: 2 });
    await ended;
    expect([there.calls, clock.pendingTimers]).toEqual([['signal hangup'], 0]);
  });

  it('gets large input in pieces, those of two writes one after the other', async () => {
    const { process, there } = openProcess();
    const outcomes = [process.write(Buffer.from('0123456789')), process.write(Buffer.from('ab'))];
    const empty = process.write(Buffer.alloc(0));
    expect([await Promise.all(outcomes), await empty, there.calls]).toEqual([
      ['accepted', 'accepted'],
      'accepted',
      ['write 0123', 'write 4567', 'write 89', 'write ab', 'write '],
    ]);
  });

  it('passes on that somebody else has the keyboard', async () => {
    const { process, there } = openProcess();
    there.answers.set('write', () => 'starting');
    expect(await process.write(Buffer.from('x'))).toBe('starting');
  });

  it('takes no input that it can no longer know of', async () => {
    const { process, there } = openProcess();
    there.answers.set('write', () => 'unknownProcess');
    expect(await process.write(Buffer.from('x'))).toBe('stdinClosed');
    there.answers.set('write', () => {
      there.emit({ type: 'failed', message: 'the line was cut' });
      throw new ExecServerError('connectionClosed', 'the line was cut');
    });
    expect(await process.write(Buffer.from('x'))).toBe('stdinClosed');
  });

  it('says why input could not be passed on', async () => {
    const { process, there } = openProcess();
    there.answers.set('write', () => {
      throw new ExecServerError('connectionClosed', 'the line was cut');
    });
    await expect(process.write(Buffer.from('x'))).rejects.toMatchObject({
      code: -32015,
      message: 'the remote environment builder cannot be reached: the line was cut',
    });
  });

  it('hears the end of input as a terminal does, where there is no other way', async () => {
    const { process, there } = openProcess({ isTerminal: true });
    there.answers.set('closeStdin', () => {
      throw methodNotFound('process/closeStdin');
    });
    expect([await process.closeStdin(), await process.closeStdin(), there.calls]).toEqual([
      'accepted',
      'stdinClosed',
      ['closeStdin', 'write \x04'],
    ]);
  });

  it('has one size where there is no way to change it', async () => {
    const { process, there } = openProcess({ isTerminal: true });
    there.answers.set('resize', () => {
      throw methodNotFound('process/resize');
    });
    process.resize({ rows: 1, cols: 2 });
    await settled();
    process.resize({ rows: 3, cols: 4 });
    expect(there.calls).toEqual(['resize 1x2']);
  });
});
