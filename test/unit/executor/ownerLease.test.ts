import { describe, expect, it } from 'vitest';
import { OwnerLease } from '../../../src/executor/ownerLease';
import { FakeClock } from '../../support/fakeClock';

function lease(graceMs = 1000) {
  const clock = new FakeClock();
  const startMs = clock.now();
  const expiries: number[] = [];
  const subject = new OwnerLease(graceMs, clock, () => expiries.push(clock.now() - startMs));
  return { clock, subject, expiries };
}

describe('OwnerLease', () => {
  it('ends when no window ever comes', () => {
    const { clock, expiries } = lease();
    clock.advance(5000);
    expect(expiries).toEqual([1000]);
  });

  it('does not run while a window is there', () => {
    const { clock, subject, expiries } = lease();
    clock.advance(999);
    subject.setOwners(1);
    clock.advance(1_000_000);
    expect({ expiries, timers: clock.pendingTimers }).toEqual({ expiries: [], timers: 0 });
  });

  it('counts from the moment the last window leaves', () => {
    const { clock, subject, expiries } = lease();
    subject.setOwners(2);
    clock.advance(5000);
    subject.setOwners(1);
    clock.advance(5000);
    subject.setOwners(0);
    clock.advance(5000);
    expect(expiries).toEqual([11_000]);
  });

  it('starts anew when a window came back and left again', () => {
    const { clock, subject, expiries } = lease();
    clock.advance(900);
    subject.setOwners(1);
    subject.setOwners(0);
    clock.advance(999);
    expect(expiries).toEqual([]);
    clock.advance(1);
    expect(expiries).toEqual([1900]);
  });

  it('counts a changed grace time from its change', () => {
    const { clock, subject, expiries } = lease();
    clock.advance(900);
    subject.setGrace(5000);
    clock.advance(10_000);
    expect(expiries).toEqual([5900]);
  });

  it('keeps a changed grace time for later while a window is there', () => {
    const { clock, subject, expiries } = lease();
    subject.setOwners(1);
    subject.setGrace(50);
    clock.advance(10_000);
    subject.setOwners(0);
    clock.advance(50);
    expect(expiries).toEqual([10_050]);
  });

  it('never ends anything after it was disposed', () => {
    const { clock, subject, expiries } = lease();
    subject.dispose();
    subject.setOwners(0);
    subject.setGrace(1);
    clock.advance(10_000);
    expect({ expiries, timers: clock.pendingTimers }).toEqual({ expiries: [], timers: 0 });
  });
});
