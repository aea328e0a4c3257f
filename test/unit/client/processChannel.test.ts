import { describe, expect, it } from 'vitest';
import { ProcessChannel } from '../../../src/client/processChannel';
import type { ClientProcessEvent } from '../../../src/client/clientProcess';
import { createRandom } from '../../support/seededRandom';
import { FakeClock } from '../../support/fakeClock';
import { readAnswer } from './readAnswer';

const limits = {
  maxReorderedEvents: 4,
  maxReorderedBytes: 100,
  maxHeldEvents: 8,
  maxHeldBytes: 200,
  maxOutputChunkBytes: 1000,
  maxErrorMessageChars: 200,
  missingEventMs: 1000,
};

interface Subject {
  readonly channel: ProcessChannel;
  readonly clock: FakeClock;
  readonly told: string[];
  readonly reads: number[];
  readonly ends: string[];
}

function open(): Subject {
  const clock = new FakeClock();
  const told: string[] = [];
  const reads: number[] = [];
  const ends: string[] = [];
  const channel = new ProcessChannel({
    limits,
    clock,
    read: (afterSeq) => reads.push(afterSeq),
    onEnd: (how) => ends.push(how),
  });
  channel.onDidEmit((event) => told.push(describeEvent(event)));
  channel.open();
  return { channel, clock, told, reads, ends };
}

function describeEvent(event: ClientProcessEvent): string {
  return event.type === 'failed' ? `failed: ${event.message}` : `${event.type} ${event.seq}`;
}

const output = (seq: number, bytes = 1) => ({
  type: 'output' as const,
  seq,
  stream: 'stdout' as const,
  chunk: Buffer.alloc(bytes),
});
const exited = (seq: number) => ({
  type: 'exited' as const,
  seq,
  exitCode: 3,
  sandboxDenied: false,
});
const closed = (seq: number) => ({ type: 'closed' as const, seq });

describe('ProcessChannel', () => {
  it('tells every event once and in order, in whatever order they come', () => {
    const random = createRandom(7);
    for (let round = 0; round < 50; round += 1) {
      const { channel, told, ends } = open();
      const events = [output(1), output(2), exited(3), output(4), closed(5)];
      const shuffled = [...events, ...events].sort(() => random(3) - 1);
      for (const event of shuffled) channel.receive(event);
      expect({ told, ends, state: channel.state }).toEqual({
        told: ['output 1', 'output 2', 'exited 3', 'output 4', 'closed 5'],
        ends: ['closed'],
        state: { status: 'closed', exitCode: 3, failure: undefined, lastSeq: 5 },
      });
    }
  });

  it('keeps what comes before anybody could listen', async () => {
    const channel = new ProcessChannel({
      limits: { ...limits, maxHeldBytes: 1000 },
      clock: new FakeClock(),
      read: () => undefined,
      onEnd: () => undefined,
    });
    channel.receive(output(1));
    channel.receive(exited(2));
    channel.receive(closed(3));
    const told: string[] = [];
    channel.onDidEmit((event) => told.push(describeEvent(event)));
    const before = channel.state.status;
    channel.open();
    expect({ before, told, after: (await channel.ended).status }).toEqual({
      before: 'running',
      told: ['output 1', 'exited 2', 'closed 3'],
      after: 'closed',
    });
  });

  it('fails when more comes before the answer to its start than may be held', () => {
    const ends: string[] = [];
    const channel = new ProcessChannel({
      limits,
      clock: new FakeClock(),
      read: () => undefined,
      onEnd: (how) => ends.push(how),
    });
    for (let seq = 1; seq <= 1000; seq += 1) channel.receive(output(seq));
    const told: string[] = [];
    channel.onDidEmit((event) => told.push(describeEvent(event)));
    channel.open();
    expect({ told, ends }).toEqual({
      told: [
        'output 1',
        'output 2',
        'failed: too much output has come before the answer to its start',
      ],
      ends: ['failed'],
    });
  });

  it.each([
    ['a close without an exit', [output(1), closed(2)], ['output 1']],
    ['a second exit', [exited(1), exited(2)], ['exited 1']],
  ])('fails at %s, so that one that has closed has always exited', (_name, events, before) => {
    const { channel, told, ends } = open();
    for (const event of events) channel.receive(event);
    channel.receive(output(3));
    expect({ told, ends }).toEqual({
      told: [...before, 'failed: the server contradicts itself about its end'],
      ends: ['failed'],
    });
  });

  it('fails at a piece of output that nobody could pass on', () => {
    const { channel, told } = open();
    channel.receive(output(1, 1000));
    channel.receive(output(2, 1001));
    expect(told).toEqual([
      'output 1',
      'failed: the server sent more output in one piece than anybody takes',
    ]);
  });

  it('asks for an event that does not come by itself', () => {
    const { channel, clock, told, reads } = open();
    channel.receive(output(1));
    channel.receive(closed(3));
    clock.advance(999);
    const early = [...reads];
    clock.advance(1);
    channel.receiveRead(
      readAnswer([], { nextSeq: 4, exited: true, exitCode: 0, closed: true }),
      true,
    );
    expect({ early, reads, told, timers: clock.pendingTimers }).toEqual({
      early: [],
      reads: [1],
      told: ['output 1', 'exited 2', 'closed 3'],
      timers: 0,
    });
  });

  it('does not ask when the event comes after all', () => {
    const { channel, clock, reads } = open();
    channel.receive(output(2));
    channel.receive(output(1));
    clock.advance(10_000);
    expect(reads).toEqual([]);
  });

  it.each([
    ['many events', [2, 3, 4, 5, 6].map((seq) => output(seq))],
    ['many bytes', [output(2, 60), output(3, 60)]],
  ])('asks at once when %s came too early', (_name, events) => {
    const { channel, reads, told } = open();
    for (const event of events) channel.receive(event);
    channel.receiveRead(readAnswer([1]), true);
    expect({ reads, told }).toEqual({
      reads: [0],
      told: [output(1), ...events].map(describeEvent),
    });
  });

  it.each([
    ['events', Array.from({ length: 9 }, (_, index) => output(index + 2))],
    ['bytes', [output(2, 150), output(3, 60)]],
  ])('fails when too many %s came while it was asked', (_name, events) => {
    const { channel, told, ends } = open();
    channel.catchUp();
    for (const event of events) channel.receive(event);
    channel.receive(output(1));
    expect({ told, ends }).toEqual({
      told: ['failed: event 1 is missing, and too much has come after it'],
      ends: ['failed'],
    });
  });

  it('fails when output was dropped, and tells how much', async () => {
    const { channel, told } = open();
    channel.receive(output(1));
    channel.catchUp();
    channel.receiveRead(readAnswer([5, 6]), true);
    channel.receive(output(7));
    const lost = '3 events of output were lost: more came than the server keeps';
    expect({ told, state: await channel.ended }).toEqual({
      told: ['output 1', `failed: ${lost}`],
      state: { status: 'failed', exitCode: undefined, failure: lost, lastSeq: 1 },
    });
  });

  it('fails when the server says that it has lost the process itself', () => {
    const { channel, told } = open();
    channel.catchUp();
    channel.receiveRead(readAnswer([], { nextSeq: 1, failure: 'its machine is gone' }), true);
    expect(told).toEqual(['failed: its machine is gone']);
  });

  it('keeps the beginning of what the server says of that', () => {
    const { channel, told } = open();
    channel.catchUp();
    channel.receiveRead(readAnswer([], { nextSeq: 1, failure: 'x'.repeat(1000) }), true);
    expect(told).toEqual([`failed: ${'x'.repeat(200)}`]);
  });

  it('does not ask for ever for an event the server does not give', () => {
    const { channel, clock, told, reads } = open();
    channel.receive(output(5));
    for (let round = 0; round < 5; round += 1) {
      clock.advance(1000);
      channel.receiveRead(readAnswer([], { nextSeq: 1 }), true);
    }
    expect({ reads, told }).toEqual({
      reads: [0, 0, 0],
      told: ['failed: event 1 was lost, and the server does not give it again'],
    });
  });

  it('asks again over the next connection when the answer was lost with one', () => {
    const { channel, reads, clock } = open();
    channel.receive(output(1));
    channel.catchUp();
    channel.disconnect();
    channel.catchUp();
    expect({ reads, timers: clock.pendingTimers }).toEqual({ reads: [1, 1], timers: 0 });
  });
});
