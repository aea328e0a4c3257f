import { expect, it } from 'vitest';
import { defaultLimits } from '../../../../src/base/limits';
import { OutputBrake } from '../../../../src/extension/tools/outputBrake';
import { FakeClock } from '../../../support/fakeClock';

it('stops reading when an interval has had its share, and goes on with the next one', () => {
  const clock = new FakeClock();
  const pauses: boolean[] = [];
  const brake = new OutputBrake(
    { setReceivingPaused: (paused) => pauses.push(paused) },
    { ...defaultLimits, maxToolOutputBytesPerInterval: 10, toolOutputIntervalMs: 50 },
    clock,
  );
  brake.count(9);
  clock.advance(50);
  expect(pauses).toEqual([]);
  brake.count(9);
  brake.count(1);
  expect(pauses).toEqual([true]);
  clock.advance(50);
  expect(pauses).toEqual([true, false]);
  brake.count(9);
  clock.advance(50);
  expect(pauses).toEqual([true, false]);
});
