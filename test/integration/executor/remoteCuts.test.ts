import { describe, expect, it } from 'vitest';
import { connectClient, serversToTry } from '../../support/clientServers';
import { ControlWindow, startControlled } from '../../support/controlHarness';
import { createRandom } from '../../support/seededRandom';
import { CUTS, Scissors, echoThroughCuts } from '../../support/scissors';

describe.each(serversToTry)('an executor cut off again and again from %s', (_name, serve) => {
  it.each([4, 20_261_121])('loses and doubles no byte of its agents (seed %i)', async (seed) => {
    const { url, cwd } = await serve();
    const random = createRandom(seed);
    const scissors = new Scissors(random);
    const endpoint = { url: await scissors.relayTo(url) };
    const server = await startControlled({
      environment: { mode: 'remote', remote: { name: 'box', endpoint } },
    });
    const window = await ControlWindow.open(server);
    const agent = await connectClient(server.url);
    const { sent, received, shape, statuses } = await echoThroughCuts(
      agent,
      cwd,
      random,
      () => scissors.cuts >= CUTS,
    );
    await window.until(() => window.environment.health === 'ready', 'the remote is reached');
    expect(
      { same: received.equals(sent), shape, statuses, agent: agent.state, cuts: scissors.cuts },
      `seed ${seed}: ${received.length} of ${sent.length} bytes came`,
    ).toEqual({
      same: true,
      shape: ['output', 'exited', 'closed'],
      statuses: ['accepted'],
      agent: { kind: 'connected' },
      cuts: CUTS,
    });
  });
});
