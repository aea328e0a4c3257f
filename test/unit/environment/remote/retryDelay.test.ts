import { expect, it } from 'vitest';
import { RetryDelay } from '../../../../src/environment/remote/retryDelay';
import { FakeClock } from '../../../support/fakeClock';

const limits = { remoteRetryMs: 1000, maxRemoteRetryMs: 30_000 };

it('waits double the time after each failure, up to a bound', () => {
  const delay = new RetryDelay(limits, new FakeClock());
  expect(Array.from({ length: 7 }, () => delay.next())).toEqual([
    1000, 2000, 4000, 8000, 16_000, 30_000, 30_000,
  ]);
});

it('does not wait after a session that lasted, and goes on waiting longer after one that did not', () => {
  const clock = new FakeClock();
  const delay = new RetryDelay(limits, clock);
  const first = delay.next();
  delay.noteReached();
  clock.advance(29_999);
  const afterShort = delay.next();
  delay.noteReached();
  clock.advance(30_000);
  expect([first, afterShort, delay.next(), delay.next()]).toEqual([1000, 2000, 0, 1000]);
});
