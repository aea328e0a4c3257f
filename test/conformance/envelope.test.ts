import { CUT, STAYS, ok } from './harness/agent';
import { conformance } from './harness/conformance';
import { differs, wording } from './harness/difference';

const ready = (id: unknown): unknown => ({ id, result: { status: 'ready' } });

/** The answer to what is no message. It has no id of its own, so it gets −1. */
const malformed = (ours: string, peer: string): unknown => {
  const text = 'failed to parse websocket JSON-RPC message from exec-server websocket <address>: ';
  const message = ours === peer ? text + ours : wording(text + ours, text + peer);
  return { error: { code: -32600, message }, id: -1 };
};

const wrongId = malformed(
  'expected a string or a 64-bit integer as id',
  'data did not match any variant of untagged enum RequestId',
);

conformance('envelope', (scenario) => {
  scenario('ids are strings and 64-bit integers and come back as they were', async (stage) => {
    const agent = await stage.open();
    await agent.says(
      [
        '{"jsonrpc":"2.0","id":"abc","method":"environment/status","params":{}}',
        '{"id":"","method":"environment/status","extra":1}',
        '{"id":-7,"method":"environment/status"}',
        '{"id":0,"method":"environment/status","params":null}',
      ],
      [ready('abc'), ready(''), ready(-7), ready(0)],
    );
    const largest = '9223372036854775807';
    agent.wire.sendRaw(`{"id":${largest},"method":"environment/status"}`);
    await agent.asks('environment/status', {}, ok({ status: 'ready' }));
    // As text, because a number would lose its last digits on the way through JSON.parse.
    agent.sees(
      agent.wire.receivedTexts.filter((text) => text.includes(largest)),
      [`{"id":${largest},"result":{"status":"ready"}}`],
    );
  });

  scenario('other ids make a message malformed', async (stage) => {
    const agent = await stage.open();
    const ids = ['1.5', 'null', 'true', '[]', '9223372036854775808'];
    await agent.says(
      ids.map((id) => `{"id":${id},"method":"environment/status"}`),
      ids.map(() => wrongId),
    );
  });

  scenario('what is not JSON is refused, and the conversation goes on', async (stage) => {
    const agent = await stage.open();
    await agent.says(
      ['not json'],
      [malformed('invalid JSON', 'expected ident at line 1 column 2')],
    );
  });

  scenario('what is no object is refused, batches among it', async (stage) => {
    const agent = await stage.open();
    const frames = ['[]', '123', '""', 'null', '[{"id":1,"method":"environment/status"}]'];
    await agent.says(
      frames,
      frames.map(() => malformed('expected a JSON-RPC object', 'expected a JSON-RPC object')),
    );
  });

  scenario('an object that is neither question nor answer is refused', async (stage) => {
    const agent = await stage.open();
    await agent.says(
      ['{}', '{"id":5}', '{"id":7,"method":5}'],
      [
        malformed('missing field `error`', 'missing field `error`'),
        malformed('missing field `error`', 'missing field `error`'),
        malformed('expected a string as method', 'invalid type: number, expected a string'),
      ],
    );
  });

  scenario('a W3C trace context has no effect, a wrong one is refused', async (stage) => {
    const agent = await stage.open();
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await agent.says(
      [
        `{"id":1,"method":"environment/status","trace":{"traceparent":"${traceparent}"}}`,
        '{"id":2,"method":"environment/status","trace":5}',
      ],
      [
        ready(1),
        malformed(
          'expected a W3C trace context as trace',
          'invalid type: number, expected struct W3cTraceContext',
        ),
      ],
    );
  });

  scenario('a binary frame counts like a text, and text is what comes back', async (stage) => {
    const agent = await stage.open();
    await agent.says([Buffer.from('{"id":"b","method":"environment/status"}')], [ready('b')]);
  });

  scenario('answers come in the order of the questions', async (stage) => {
    const agent = await stage.open();
    const ids = Array.from({ length: 50 }, (_, index) => index + 1000);
    await agent.says(
      ids.map((id) => JSON.stringify({ id, method: 'environment/status' })),
      ids.map(ready),
    );
  });

  const strange: readonly (readonly [name: string, frame: string])[] = [
    ['a notification nobody knows', '{"method":"bogus/notification","params":{}}'],
    ['a result nobody asked for', '{"id":4711,"result":{}}'],
    ['an error nobody asked for', '{"id":4711,"error":{"code":-32601,"message":"x"}}'],
  ];
  for (const [name, frame] of strange) {
    scenario(`${name} is ignored`, async (stage) => {
      const agent = await stage.open();
      await agent.suffers(
        frame,
        differs({
          ours: STAYS,
          peer: CUT,
          because: 'a session must not be lost over something that has no effect',
        }),
      );
    });
  }
});
