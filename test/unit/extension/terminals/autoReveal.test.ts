import { describe, expect, it } from 'vitest';
import { ExecutorModel } from '../../../../src/extension/model/executorModel';
import { autoReveal } from '../../../../src/extension/terminals/autoReveal';
import { FakeControlClient, aProcess, aSnapshot } from '../fakeControlClient';

const SINCE = 1000;

/** Runs one story of four processes and tells which were revealed. */
function revealed(reveal: 'never' | 'onStart' | 'onError'): readonly number[] {
  const model = new ExecutorModel();
  const shown: number[] = [];
  autoReveal({
    model,
    sinceMs: SINCE,
    reveal: () => reveal,
    show: ({ serial }) => shown.push(serial),
  });
  const earlier = aProcess({ serial: 1, startedAtMs: SINCE - 1 });
  const client = new FakeControlClient(aSnapshot({ processes: [earlier] }));
  model.attach(client);
  const good = aProcess({ serial: 2, startedAtMs: SINCE });
  const bad = aProcess({ serial: 3, startedAtMs: SINCE });
  const quick = aProcess({ serial: 4, startedAtMs: SINCE, state: 'closed', exitCode: 1 });
  client.change({ processes: [good, bad, quick] });
  client.change({ processes: [{ ...earlier, state: 'closed', exitCode: 1 }] });
  client.change({ processes: [{ ...good, state: 'closed', exitCode: 0 }] });
  client.change({ processes: [{ ...bad, state: 'closed', exitCode: 1 }] });
  client.change({ processes: [{ ...bad, state: 'closed', exitCode: 1, outputBytes: 5 }] });
  return shown;
}

describe('autoReveal', () => {
  it.each([
    ['never', []],
    ['onStart', [2, 3, 4]],
    ['onError', [4, 3]],
  ] as const)('opens each process once at most: %s', (reveal, serials) => {
    expect(revealed(reveal)).toEqual(serials);
  });

  it('opens nothing that was lost', () => {
    const model = new ExecutorModel();
    const shown: number[] = [];
    const client = new FakeControlClient(aSnapshot());
    model.attach(client);
    client.change({ processes: [aProcess({ startedAtMs: SINCE })] });
    autoReveal({
      model,
      sinceMs: SINCE,
      reveal: () => 'onStart',
      show: ({ serial }) => shown.push(serial),
    });
    model.markLost();
    expect(shown).toEqual([]);
  });
});
