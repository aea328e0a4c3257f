import { mkdir } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RequestMethod, RequestSpec } from '../../../src/protocol/methods';
import { requests } from '../../../src/protocol/methods';
import { fuzzParameters, fuzzSeed, jsonText } from '../../support/fuzzing';
import { FuzzedServer } from '../../support/fuzzedServer';
import { harmless, textsIn } from '../../support/harmlessParams';
import { paramsOf } from '../../support/paramsArbitrary';
import { startParams } from '../../support/wireClient';
import type { WireClient, WireMessage } from '../../support/wireClient';
import { failOnLeaks } from '../../support/wireLeaks';

failOnLeaks();

const methods = Object.entries<RequestSpec>(requests);

/** A program to talk to, for as long as no case ends it. */
async function startLive(client: WireClient): Promise<void> {
  await client.call('process/start', startParams('live', 'exec cat', { pipeStdin: true }));
}

describe(`any parameters (seed ${fuzzSeed})`, () => {
  it.each(methods)('of %s are answered, and the connection goes on serving', async (name, spec) => {
    const fuzzed = await FuzzedServer.start();
    const { playground } = fuzzed;
    const params = paramsOf(spec, textsIn(playground)).map((value) => harmless(value, playground));
    let cases = 0;
    await fc.assert(
      fc.asyncProperty(params, async (value) => {
        cases += 1;
        const id = `case ${cases}`;
        await mkdir(`${playground}/a`, { recursive: true });
        const client = await fuzzed.ready(startLive);
        const message = `{"id":"${id}","method":"${name}","params":${jsonText(value)}}`;
        const answers = await fuzzed.survives(client, () => {
          client.sendRaw(message);
        });
        // Parameters of too many values or levels are refused before anybody reads an id.
        const own = answers.filter((answer) => answer['id'] === id || answer['id'] === -1);
        expect(own.map(kindOf).filter((kind) => kind === 'shapeless')).toEqual([]);
        // What waits for something may be answered later.
        const least = spec.turn === 'inOrder' ? 1 : 0;
        expect(own.length >= least && own.length <= 1).toBe(true);
      }),
      fuzzParameters(60),
    );
    await forgetSessions(fuzzed);
    expect(fuzzed.unforeseen).toEqual([]);
  });

  it('is asked of every method there is', () => {
    const names: readonly RequestMethod[] = ['process/start', 'fs/writeFile', 'initialize'];
    expect(methods.map(([name]) => name)).toEqual(expect.arrayContaining([...names]));
  });
});

/** A result, or an error that says something and gives nothing away. */
function kindOf({ result, error }: WireMessage): 'result' | 'error' | 'shapeless' {
  if (result !== undefined && error === undefined) return 'result';
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const isFine =
    Number.isInteger(code) &&
    typeof message === 'string' &&
    message !== '' &&
    message !== 'internal error';
  return isFine ? 'error' : 'shapeless';
}

async function forgetSessions({ server }: FuzzedServer): Promise<void> {
  await server.executor.server.sessions.endAll('user');
}
