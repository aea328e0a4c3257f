import { describe, expect, it } from 'vitest';
import { connectClient, serversToTry } from '../../support/clientServers';
import { CUTS, Scissors, echoThroughCuts } from '../../support/scissors';
import { createRandom } from '../../support/seededRandom';

describe.each(serversToTry)('a connection to %s that is cut again and again', (_name, serve) => {
  it.each([1, 20_261_121])('loses and doubles no byte (seed %i)', async (seed) => {
    const { url, cwd } = await serve();
    const random = createRandom(seed);
    const scissors = new Scissors(random);
    const client = await connectClient(await scissors.relayTo(url));
    const { sent, received, shape, statuses } = await echoThroughCuts(
      client,
      cwd,
      random,
      () => scissors.cuts >= CUTS,
    );
    expect(
      { same: received.equals(sent), shape, statuses, state: client.state, cuts: scissors.cuts },
      `seed ${seed}: ${received.length} of ${sent.length} bytes came`,
    ).toEqual({
      same: true,
      shape: ['output', 'exited', 'closed'],
      statuses: ['accepted'],
      state: { kind: 'connected' },
      cuts: CUTS,
    });
  });
});
