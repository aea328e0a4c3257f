import { describe, expect, it } from 'vitest';
import { OutputView } from '../../../src/control/outputView';
import { FakeClock } from '../../support/fakeClock';
import { ControlFakeProcess } from '../../support/controlFakeProcess';

interface ViewUnderTest {
  readonly clock: FakeClock;
  readonly process: ControlFakeProcess;
  readonly view: OutputView;
  /** Texts and notices in the order told; `end` last. */
  readonly told: (string | { dropped: number; text: string })[];
}

function openView(
  parts: { readonly process?: ControlFakeProcess; readonly windowBytes?: number } = {},
): ViewUnderTest {
  const clock = new FakeClock();
  const process = parts.process ?? new ControlFakeProcess();
  const told: ViewUnderTest['told'] = [];
  const view = new OutputView({
    process,
    clock,
    limits: { viewerWindowBytes: parts.windowBytes ?? 1024 },
    send: (data, dropped) => {
      told.push(dropped === 0 ? data.toString() : { dropped, text: data.toString() });
    },
    end: () => told.push('end'),
  });
  return { clock, process, view, told };
}

describe('OutputView', () => {
  it('replays what is retained in one piece, then follows', () => {
    const process = new ControlFakeProcess();
    process.say('one ');
    process.say('two ');
    const { view, told, clock } = openView({ process });
    view.start();
    process.say('three');
    clock.advance(10);
    process.exit(0);
    process.close();
    clock.advance(10);
    expect(told).toEqual(['one two ', 'three', 'end']);
  });

  it('tells the first live output at once and gathers what follows for ten milliseconds', () => {
    const { view, told, process, clock } = openView();
    view.start();
    process.say('a');
    process.say('b');
    process.say('c');
    expect(told).toEqual(['a']);
    clock.advance(9);
    expect(told).toEqual(['a']);
    clock.advance(1);
    expect(told).toEqual(['a', 'bc']);
  });

  it('ends at once for a process that is closed before the view opens', () => {
    const process = new ControlFakeProcess();
    process.say('all');
    process.exit(3);
    process.close();
    const { view, told, clock } = openView({ process });
    view.start();
    expect({ told, timers: clock.pendingTimers }).toEqual({ told: ['all', 'end'], timers: 0 });
  });

  it('stays open between exit and close, because output may still come', () => {
    const { view, told, process, clock } = openView();
    view.start();
    process.exit(0);
    process.say('late');
    clock.advance(10);
    expect(told).toEqual(['late']);
    process.close();
    clock.advance(10);
    expect(told).toEqual(['late', 'end']);
  });

  it('stops at its window and goes on when the viewer acknowledges', () => {
    const { view, told, process, clock } = openView({ windowBytes: 4 });
    view.start();
    process.say('1234');
    process.say('5678');
    clock.advance(100);
    expect(told).toEqual(['1234']);
    view.acknowledge(1);
    expect(told).toEqual(['1234', '5678']);
  });

  it('takes an acknowledgement of more than was sent as one of everything', () => {
    const { view, told, process, clock } = openView({ windowBytes: 4 });
    view.start();
    process.say('1234');
    view.acknowledge(1_000_000);
    clock.advance(10);
    process.say('5678');
    clock.advance(10);
    process.say('9');
    clock.advance(100);
    expect(told).toEqual(['1234', '5678']);
  });

  it('tells a slow viewer exactly how many bytes it missed, and never pauses the process', () => {
    const { view, told, process, clock } = openView({
      process: new ControlFakeProcess(8),
      windowBytes: 4,
    });
    view.start();
    for (const text of ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee']) process.say(text);
    clock.advance(100);
    view.acknowledge(4);
    expect({ told, pauses: process.pauses }).toEqual({
      told: ['aaaa', { dropped: 8, text: 'ddddeeee' }],
      pauses: [],
    });
  });

  it('does not end while acknowledgements are missing for output that is still kept', () => {
    const { view, told, process, clock } = openView({ windowBytes: 2 });
    view.start();
    process.say('ab');
    process.say('cd');
    process.exit(0);
    process.close();
    clock.advance(100);
    expect(told).toEqual(['ab']);
    view.acknowledge(2);
    view.acknowledge(2);
    expect(told).toEqual(['ab', 'cd', 'end']);
  });

  it('says nothing after it was closed, and leaves no timer', () => {
    const { view, told, process, clock } = openView();
    view.start();
    process.say('a');
    view.dispose();
    process.say('b');
    clock.advance(100);
    expect({ told, timers: clock.pendingTimers }).toEqual({ told: ['a'], timers: 0 });
  });

  it('cuts a long replay into messages of at most 64 KiB', () => {
    const process = new ControlFakeProcess();
    for (let index = 0; index < 5; index += 1) process.say('x'.repeat(40 * 1024));
    const sizes: number[] = [];
    const view = new OutputView({
      process,
      clock: new FakeClock(),
      limits: { viewerWindowBytes: 1024 * 1024 },
      send: (data) => sizes.push(data.length),
      end: () => undefined,
    });
    view.start();
    expect(sizes).toEqual(Array.from({ length: 5 }, () => 40 * 1024));
  });
});
