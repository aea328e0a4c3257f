import { describe, expect, it } from 'vitest';
import { Emitter } from '../../../src/base/event';
import { LogFeed } from '../../../src/control/logFeed';
import { RecentLog } from '../../../src/control/recentLog';
import { FakeClock } from '../../support/fakeClock';

function feedOf(log: RecentLog): {
  readonly feed: LogFeed;
  readonly lines: string[];
  readonly setCongested: (congested: boolean) => void;
} {
  const congestion = new Emitter<boolean>();
  const transport = { isCongested: false, onDidChangeCongestion: congestion.event };
  const lines: string[] = [];
  const feed = new LogFeed(log, transport, ({ line }) => lines.push(line));
  return {
    feed,
    lines,
    setCongested(congested) {
      transport.isCongested = congested;
      congestion.fire(congested);
    },
  };
}

describe('RecentLog', () => {
  it('keeps the newest lines with the time they were written, and counts the others', () => {
    const clock = new FakeClock();
    const log = new RecentLog(clock, 2);
    const atMs = clock.now();
    log.append('info', 'one');
    clock.advance(5);
    log.append('warn', 'two');
    clock.advance(5);
    log.append('error', 'three');
    expect(log.readAfter(0)).toEqual({
      missed: 1,
      position: 3,
      lines: [
        { atMs: atMs + 5, level: 'warn', line: 'two' },
        { atMs: atMs + 10, level: 'error', line: 'three' },
      ],
    });
    expect(log.readAfter(3)).toEqual({ missed: 0, position: 3, lines: [] });
  });
});

describe('LogFeed', () => {
  it('hands on lines from before it started first, then every line once', () => {
    const log = new RecentLog(new FakeClock(), 500);
    log.append('info', 'before');
    const { feed, lines } = feedOf(log);
    log.append('info', 'meanwhile');
    expect(lines).toEqual([]);
    feed.start();
    log.append('info', 'after');
    expect(lines).toEqual(['before', 'meanwhile', 'after']);
  });

  it('sends nothing into a full queue and says afterwards what was missed', () => {
    const log = new RecentLog(new FakeClock(), 2);
    const { feed, lines, setCongested } = feedOf(log);
    feed.start();
    setCongested(true);
    for (const line of ['one', 'two', 'three', 'four']) log.append('info', line);
    expect(lines).toEqual([]);
    setCongested(false);
    expect(lines).toEqual(['2 earlier lines are not kept', 'three', 'four']);
  });

  it('is silent after its end', () => {
    const log = new RecentLog(new FakeClock(), 500);
    const { feed, lines } = feedOf(log);
    feed.start();
    feed.dispose();
    log.append('info', 'late');
    expect(lines).toEqual([]);
  });
});
