import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/base/limits';
import type { Limits } from '../../../src/base/limits';
import { nullLogger } from '../../../src/base/logger';
import type { Session } from '../../../src/server/session';
import { SessionRegistry } from '../../../src/server/sessionRegistry';
import { FakeClock } from '../../support/fakeClock';
import { FakeAttachment, FakeBackend } from '../../support/wireFakes';

function serve(limits: Partial<Limits>) {
  const clock = new FakeClock();
  const sessions = new SessionRegistry({
    clock,
    limits: { ...defaultLimits, ...limits },
    logger: nullLogger,
  });
  const backend = new FakeBackend();
  const open = (): Session => sessions.create('agent', new FakeAttachment());
  /** Starts a process that says so much and closes. */
  const run = async (session: Session, processId: string, text: string): Promise<void> => {
    const request = { argv: ['true'] as const, cwd: '/', env: {}, pipeStdin: false };
    await session.start(processId, request, backend);
    const process = backend.started.at(-1);
    process?.print(text);
    process?.exit(0);
    process?.close();
  };
  return { clock, open, run };
}

const idsOf = (session: Session): string[] =>
  [...session.processes].map(({ description }) => description.processId);

describe('closed processes', () => {
  it('are forgotten oldest first beyond their number, whatever session they are of', async () => {
    const { open, run } = serve({ maxClosedProcesses: 2 });
    const [first, second] = [open(), open()];
    await run(first, 'a', '');
    await run(second, 'b', '');
    await run(first, 'c', '');
    expect([idsOf(first), idsOf(second)]).toEqual([['c'], ['b']]);
  });

  it('are forgotten oldest first beyond the output kept of them, but never the newest', async () => {
    const { open, run } = serve({ maxClosedOutputBytes: 10 });
    const session = open();
    await run(session, 'a', '123456');
    await run(session, 'b', '1234');
    const both = idsOf(session);
    await run(session, 'c', '1234567890123');
    expect([both, idsOf(session)]).toEqual([['a', 'b'], ['c']]);
  });

  it('count with no more than what can be kept of them, and not after they are forgotten', async () => {
    const { clock, open, run } = serve({ maxClosedOutputBytes: 10, maxRetainedOutputBytes: 4 });
    const session = open();
    await run(session, 'a', '1234567');
    await run(session, 'b', '1234567');
    const before = idsOf(session);
    clock.advance(defaultLimits.closedProcessRetentionMs);
    await run(session, 'c', '1234567');
    await run(session, 'd', '1234567');
    expect([before, idsOf(session)]).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });
});
