import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import type { WriteStatus } from '../../../src/protocol/processMessages';
import { WriteLedger } from '../../../src/server/writeLedger';
import { settled } from '../../support/fakeClock';

/** A ledger of three ids and the writes that reached the program. */
function watchedLedger(status: WriteStatus = 'accepted'): {
  write: (id: string) => Promise<WriteStatus>;
  performed: string[];
} {
  const ledger = new WriteLedger(3);
  const performed: string[] = [];
  return {
    performed,
    write: (id) =>
      ledger.write(id, () => {
        performed.push(id);
        return Promise.resolve(status);
      }),
  };
}

describe('WriteLedger', () => {
  it('performs a repeated write once and answers both the same', async () => {
    const { write, performed } = watchedLedger();
    expect({ answers: [await write('a'), await write('a')], performed }).toEqual({
      answers: ['accepted', 'accepted'],
      performed: ['a'],
    });
  });

  it('forgets the oldest id beyond its bound, whether it was repeated or not', async () => {
    const { write, performed } = watchedLedger();
    for (const id of ['a', 'b', 'c', 'a', 'd', 'b', 'a']) await write(id);
    expect(performed).toEqual(['a', 'b', 'c', 'd', 'a']);
  });

  it('gives a repeated id the outcome of the first while that still waits', async () => {
    const ledger = new WriteLedger(3);
    const gate = new Deferred<WriteStatus>();
    const answers: WriteStatus[] = [];
    for (const perform of [
      () => gate.promise,
      () => Promise.reject(new Error('performed twice')),
    ]) {
      void ledger.write('a', perform).then((status) => answers.push(status));
    }
    await settled();
    const before = [...answers];
    gate.resolve('accepted');
    await settled();
    expect({ before, answers }).toEqual({ before: [], answers: ['accepted', 'accepted'] });
  });

  it('lets a write that was not accepted be tried again', async () => {
    const { write, performed } = watchedLedger('stdinClosed');
    await write('a');
    await write('a');
    expect(performed).toEqual(['a', 'a']);
  });

  it('lets a write that failed be tried again', async () => {
    const ledger = new WriteLedger(3);
    await expect(ledger.write('a', () => Promise.reject(new Error('broken')))).rejects.toThrow(
      'broken',
    );
    expect(await ledger.write('a', () => Promise.resolve('accepted'))).toBe('accepted');
  });

  it('keeps the later write of an id whose forgotten first one fails late', async () => {
    const ledger = new WriteLedger(1);
    const late = new Deferred<WriteStatus>();
    const performed: string[] = [];
    const write = (id: string, name: string): Promise<WriteStatus> =>
      ledger.write(id, () => {
        performed.push(name);
        return Promise.resolve('accepted');
      });
    void ledger.write('a', () => late.promise);
    await write('b', 'b');
    await write('a', 'second a');
    late.resolve('stdinClosed');
    await settled();
    await write('a', 'third a');
    expect(performed).toEqual(['b', 'second a']);
  });
});
