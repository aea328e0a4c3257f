import { describe, expect, it } from 'vitest';
import { AuthFailures } from '../../../src/server/authFailures';
import { FakeClock } from '../../support/fakeClock';

function watched(maxPerMinute: number): {
  failures: AuthFailures;
  clock: FakeClock;
  bursts: number[];
} {
  const clock = new FakeClock();
  const failures = new AuthFailures(maxPerMinute, clock);
  const bursts: number[] = [];
  failures.onDidBurst((count) => bursts.push(count));
  return { failures, clock, bursts };
}

describe('AuthFailures', () => {
  it('answers with a plain no up to the limit and with too many beyond it, telling once', () => {
    const { failures, bursts } = watched(2);
    expect([1, 2, 3, 4, 5].map(() => failures.note())).toEqual([
      'refused',
      'refused',
      'tooMany',
      'tooMany',
      'tooMany',
    ]);
    expect(bursts).toEqual([3]);
  });

  it('counts afresh a minute after the first failure', () => {
    const { failures, clock, bursts } = watched(1);
    const answers = [failures.note(), failures.note()];
    clock.advance(59_999);
    answers.push(failures.note());
    clock.advance(1);
    answers.push(failures.note(), failures.note());
    expect({ answers, bursts }).toEqual({
      answers: ['refused', 'tooMany', 'tooMany', 'refused', 'tooMany'],
      bursts: [2, 2],
    });
  });
});
