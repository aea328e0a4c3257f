import { describe, expect, it } from 'vitest';
import { ExitHistory } from '../../../src/control/exitHistory';
import type { ProcessView, SessionView } from '../../../src/control/messages';
import type { Limits } from '../../../src/base/limits';
import { defaultLimits } from '../../../src/base/limits';
import { SessionProcess } from '../../../src/server/sessionProcess';
import { FakeClock } from '../../support/fakeClock';
import { ControlFakeProcess } from '../../support/controlFakeProcess';

function history(limits: Partial<Limits> = {}): ExitHistory {
  return new ExitHistory({ ...defaultLimits, ...limits });
}

function exitOf(serial: number, sessionId: string, outputBytes = 0): [ProcessView, SessionProcess] {
  const description = {
    serial,
    sessionId,
    processId: `p${serial}`,
    argv: ['true'],
    cwd: '/tmp',
    tty: false,
    acceptsInput: false,
  };
  const process = new SessionProcess(
    description,
    new ControlFakeProcess(),
    new FakeClock(),
    defaultLimits,
  );
  return [
    { ...description, state: 'closed', inputHolder: 'agent', startedAtMs: 1, outputBytes },
    process,
  ];
}

const ended = (sessionId: string): SessionView => ({
  sessionId,
  clientName: 'agent',
  state: 'ended',
  createdAtMs: 1,
});

const contentOf = (subject: ExitHistory): unknown => ({
  serials: subject.processes.map(({ serial }) => serial),
  sessionIds: subject.sessions.map(({ sessionId }) => sessionId),
});

describe('ExitHistory', () => {
  it('drops the oldest exit beyond its bound, and the ended session that has no other', () => {
    const subject = history({ maxRememberedExits: 2 });
    subject.add(...exitOf(1, 'a'));
    subject.addSession(ended('a'));
    subject.add(...exitOf(2, 'b'));
    expect(subject.add(...exitOf(3, 'b'))).toEqual({ serials: [1], sessionIds: ['a'] });
    expect(contentOf(subject)).toEqual({ serials: [2, 3], sessionIds: [] });
  });

  it('does not list an ended session of which no exit is remembered', () => {
    const subject = history();
    expect(subject.addSession(ended('a'))).toEqual({ serials: [], sessionIds: ['a'] });
    expect(contentOf(subject)).toEqual({ serials: [], sessionIds: [] });
  });

  it('drops the oldest ended session beyond its bound together with its exits', () => {
    const subject = history({ maxRememberedSessions: 1 });
    subject.add(...exitOf(1, 'a'));
    subject.add(...exitOf(2, 'a'));
    subject.addSession(ended('a'));
    subject.add(...exitOf(3, 'b'));
    expect(subject.addSession(ended('b'))).toEqual({ serials: [1, 2], sessionIds: ['a'] });
    expect(contentOf(subject)).toEqual({ serials: [3], sessionIds: ['b'] });
  });

  it('releases the output of the oldest exits beyond its bound and keeps their facts', () => {
    const subject = history({ maxRememberedOutputBytes: 100 });
    for (const serial of [1, 2, 3]) subject.add(...exitOf(serial, 'a', 40));
    expect({
      ...(contentOf(subject) as object),
      readable: [1, 2, 3].filter((serial) => subject.processOf(serial) !== undefined),
    }).toEqual({ serials: [1, 2, 3], sessionIds: [], readable: [2, 3] });
  });

  it('counts of a flood only what a process can keep', () => {
    const subject = history({ maxRememberedOutputBytes: 100, maxRetainedOutputBytes: 50 });
    subject.add(...exitOf(1, 'a', 10_000_000));
    subject.add(...exitOf(2, 'a', 10_000_000));
    expect([1, 2].map((serial) => subject.processOf(serial) !== undefined)).toEqual([true, true]);
  });

  it('forgets everything when cleared', () => {
    const subject = history();
    subject.add(...exitOf(1, 'a'));
    subject.addSession(ended('a'));
    subject.clear();
    expect({ content: contentOf(subject), process: subject.processOf(1) }).toEqual({
      content: { serials: [], sessionIds: [] },
      process: undefined,
    });
  });

  it('counts starts that failed like exits, and releases the output of those before them', () => {
    const subject = history({ maxRememberedExits: 3, maxRememberedOutputBytes: 50 });
    subject.add(...exitOf(1, 'a', 40));
    subject.add(...exitOf(2, 'a', 40));
    const [failed] = exitOf(3, 'a');
    subject.add(failed, undefined);
    const readable = [1, 2, 3].filter((serial) => subject.processOf(serial) !== undefined);
    const [next] = exitOf(4, 'a');
    expect({
      readable,
      dropped: subject.add(next, undefined),
      ...(contentOf(subject) as object),
    }).toEqual({
      readable: [2],
      dropped: { serials: [1], sessionIds: [] },
      serials: [2, 3, 4],
      sessionIds: [],
    });
  });

  it('releases output behind a start that failed', () => {
    const subject = history({ maxRememberedOutputBytes: 50 });
    subject.add(...exitOf(1, 'a', 40));
    const [failed] = exitOf(2, 'a');
    subject.add(failed, undefined);
    subject.add(...exitOf(3, 'a', 40));
    const readable = [1, 2, 3].filter((serial) => subject.processOf(serial) !== undefined);
    expect(readable).toEqual([3]);
  });
});
