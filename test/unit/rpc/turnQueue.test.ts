import { describe, expect, it } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { TurnQueue } from '../../../src/rpc/turnQueue';
import { settled } from '../../support/fakeClock';

describe('TurnQueue', () => {
  it('takes a turn in the moment it is pushed when nothing holds the queue', () => {
    const taken: number[] = [];
    const queue = new TurnQueue();
    for (let number = 1; number <= 3; number += 1) {
      queue.push(() => {
        taken.push(number);
        return undefined;
      });
    }
    expect({ taken, length: queue.length }).toEqual({ taken: [1, 2, 3], length: 0 });
  });

  it('lets a held turn hold all later ones, in order', async () => {
    const taken: string[] = [];
    const gate = new Deferred<void>();
    const queue = new TurnQueue();
    queue.push(() => {
      taken.push('held');
      return gate.promise;
    });
    for (const name of ['second', 'third']) {
      queue.push(() => {
        taken.push(name);
        return undefined;
      });
    }
    const before = { taken: [...taken], length: queue.length };
    gate.resolve();
    await settled();
    expect({ before, taken, length: queue.length }).toEqual({
      before: { taken: ['held'], length: 2 },
      taken: ['held', 'second', 'third'],
      length: 0,
    });
  });

  it('goes on after a held turn that failed', async () => {
    const taken: string[] = [];
    const queue = new TurnQueue();
    queue.push(() => Promise.reject(new Error('failed')));
    queue.push(() => {
      taken.push('next');
      return undefined;
    });
    await settled();
    expect(taken).toEqual(['next']);
  });

  it('forgets what has not had its turn when it is stopped', async () => {
    const taken: string[] = [];
    const gate = new Deferred<void>();
    const queue = new TurnQueue();
    queue.push(() => gate.promise);
    queue.push(() => {
      taken.push('late');
      return undefined;
    });
    queue.stop();
    queue.push(() => {
      taken.push('later');
      return undefined;
    });
    gate.resolve();
    await settled();
    expect({ taken, length: queue.length }).toEqual({ taken: [], length: 0 });
  });

  it('tells of every advance, so that a paused sender can go on', async () => {
    const lengths: number[] = [];
    const gate = new Deferred<void>();
    const queue: TurnQueue = new TurnQueue(() => {
      lengths.push(queue.length);
    });
    queue.push(() => gate.promise);
    queue.push(() => undefined);
    queue.push(() => undefined);
    gate.resolve();
    await settled();
    expect(lengths).toEqual([2, 0]);
  });

  it('keeps order over ten thousand turns of which every seventh is held', async () => {
    const taken: number[] = [];
    const queue = new TurnQueue();
    const expected = Array.from({ length: 10_000 }, (_, index) => index);
    for (const index of expected) {
      queue.push(() => {
        taken.push(index);
        return index % 7 === 0 ? Promise.resolve() : undefined;
      });
    }
    while (queue.length > 0) await settled();
    expect(taken).toEqual(expected);
  });

  it('lets go of the turns it has taken while it never runs empty', async () => {
    // One message on its way and one behind it, for a long time: what is done with must be collectable.
    let alive = 0;
    const registry = new FinalizationRegistry(() => {
      alive -= 1;
    });
    const collect = await exposedGc();
    const queue = new TurnQueue();
    const push = (): void => {
      const message = Buffer.alloc(1024);
      alive += 1;
      registry.register(message, undefined);
      queue.push(async () => {
        await Promise.resolve(message.length);
      });
    };
    push();
    for (let count = 0; count < 5000; count += 1) {
      push();
      while (queue.length > 1) await Promise.resolve();
    }
    for (let round = 0; round < 10 && alive > 500; round += 1) {
      collect();
      await settled();
    }
    expect(alive).toBeLessThan(500);
  });
});

async function exposedGc(): Promise<() => void> {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
