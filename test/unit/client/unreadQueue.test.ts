import { describe, expect, it } from 'vitest';
import { ReceivingPauses } from '../../../src/client/receivingPauses';
import { UnreadQueue } from '../../../src/client/unreadQueue';
import { linkedTransports } from '../../support/linkedTransports';

describe('what was not read yet', () => {
  it('is bounded also when it comes in tiny pieces', async () => {
    const { client } = linkedTransports();
    let isBusy = false;
    const pauses = new ReceivingPauses(() => isBusy);
    pauses.connect(client);
    let isAbandoned = false;
    const queue = new UnreadQueue<number>({
      what: 'a body',
      limits: { maxUnreadBytes: 10_000, maxUnreadBytesDuringCalls: 100_000 },
      pauses,
      onAbandon: () => (isAbandoned = true),
    });
    for (let piece = 0; piece < 100; piece += 1) queue.push(piece, 1);
    const pausedWhileIdle = client.pauses.at(-1);
    isBusy = true;
    for (let piece = 0; piece < 1000; piece += 1) queue.push(piece, 1);
    const read = queue[Symbol.asyncIterator]()
      .next()
      .catch((error: unknown) => error);
    expect({ pausedWhileIdle, isAbandoned, read: await read }).toMatchObject({
      pausedWhileIdle: true,
      isAbandoned: true,
      read: { code: 'readerTooSlow' },
    });
  });
});
