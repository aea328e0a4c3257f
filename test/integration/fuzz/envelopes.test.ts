import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultLimits } from '../../../src/base/limits';
import { parseMessage } from '../../../src/protocol/envelope';
import { fuzzParameters, fuzzSeed, jsonText, oddName, oddValue } from '../../support/fuzzing';
import { FuzzedServer } from '../../support/fuzzedServer';
import { WireClient } from '../../support/wireClient';
import { failOnLeaks } from '../../support/wireLeaks';

failOnLeaks();

/** Methods that change nothing, and names that are none. */
const method = fc.oneof(
  fc.constantFrom('environment/status', 'environment/info', 'process/read', 'fs/getMetadata'),
  fc.constantFrom('initialized', 'initialize', 'process/exited', 'bogus/method', '__proto__'),
  oddName,
);

const id = fc.oneof(fc.integer(), fc.string({ maxLength: 20 }), fc.maxSafeInteger());
const trace = fc.constantFrom<unknown>(
  null,
  {},
  { traceparent: '00-1-2-01' },
  { tracestate: null },
);

/** The members of a message in any order: right, wrong, absent, twice, and others that mean nothing. */
const members = fc
  .tuple(
    fc.option(fc.oneof({ weight: 3, arbitrary: id }, { weight: 1, arbitrary: oddValue })),
    fc.option(fc.oneof({ weight: 3, arbitrary: method }, { weight: 1, arbitrary: oddValue })),
    fc.option(oddValue),
    fc.option(fc.oneof(trace, oddValue)),
    fc.option(oddValue),
    fc.option(
      fc.oneof(
        oddValue,
        fc.record({ code: oddValue, message: oddValue }),
        fc.constant({ code: 1, message: '' }),
      ),
    ),
    fc.array(fc.tuple(oddName, oddValue), { maxLength: 2 }),
  )
  .chain(([anId, aMethod, params, aTrace, result, error, others]) => {
    const known = { id: anId, method: aMethod, params, trace: aTrace, result, error };
    const present = Object.entries(known).filter(([, value]) => value !== null);
    return fc.shuffledSubarray([...present, ...present.slice(0, 1), ...others], {
      minLength: Math.max(0, present.length - 1),
    });
  });

const messageText = members.map(
  (list) =>
    `{${list.map(([name, value]) => `${JSON.stringify(name)}:${jsonText(value)}`).join(',')}}`,
);

/** The handshake with an id that no case has taken. */
async function openUp(client: WireClient): Promise<void> {
  const id = 'the handshake after it all';
  const params = { clientName: 'fuzz' };
  client.sendRaw(JSON.stringify({ id, method: 'initialize', params }));
  const { error } = await client.next((message) => message['id'] === id);
  expect(error).toBeUndefined();
  client.notify('initialized');
}

describe(`any members of a message (seed ${fuzzSeed})`, () => {
  it('are answered once where an answer is owed, and the connection goes on serving', async () => {
    const fuzzed = await FuzzedServer.start();
    await fc.assert(
      fc.asyncProperty(fc.array(messageText, { minLength: 1, maxLength: 4 }), async (texts) => {
        const owed = texts
          .map((text) => parseMessage(text, defaultLimits))
          .filter(({ kind }) => kind === 'request' || kind === 'malformed').length;
        const client = await fuzzed.ready();
        const answers = await fuzzed.survives(client, () => {
          for (const text of texts) client.sendRaw(text);
        });
        expect(answers.length).toBe(owed);
      }),
      fuzzParameters(500),
    );
    expect(fuzzed.unforeseen).toEqual([]);
  });

  it('before the handshake end the connection only for initialized, and never the server', async () => {
    const fuzzed = await FuzzedServer.start();
    await fc.assert(
      fc.asyncProperty(fc.array(messageText, { minLength: 1, maxLength: 3 }), async (texts) => {
        const kinds = texts.map((text) => parseMessage(text, defaultLimits));
        const ends = kinds.some(
          (message) => message.kind === 'notification' && message.method === 'initialized',
        );
        const client = await WireClient.connect(fuzzed.server.url);
        for (const text of texts) client.sendRaw(text);
        if (ends) expect(await client.closed).toMatchObject({ code: 1002 });
        else {
          await openUp(client);
          await fuzzed.survives(client, () => undefined);
          await client.close();
        }
        await fuzzed.survives(await fuzzed.ready(), () => undefined);
        // Their number is bounded, and those of cases are nobody's any more.
        const { sessions } = fuzzed.server.executor.server;
        for (const session of [...sessions.all].slice(1)) await sessions.end(session, 'user');
      }),
      fuzzParameters(100),
    );
    expect(fuzzed.unforeseen).toEqual([]);
  });
});
