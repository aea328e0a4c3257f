import { refused } from './harness/agent';
import type { OpenAgent } from './harness/conformance';
import { conformance } from './harness/conformance';
import { startWebServer } from './harness/webServer';
import type { HttpResult } from './harness/webServer';

interface Delta {
  readonly requestId: string;
  readonly seq: number;
  readonly deltaBase64: string;
  readonly done: boolean;
  readonly error: string | null;
}

/** The frames of a streamed body, once the last has come. */
async function deltasOf(agent: OpenAgent, requestId: string): Promise<Delta[]> {
  const isDelta = (message: { method?: unknown; params?: unknown }): boolean =>
    message.method === 'http/request/bodyDelta' &&
    (message.params as Delta).requestId === requestId;
  await agent.wire.next((message) => isDelta(message) && (message['params'] as Delta).done);
  return agent.wire.received.filter(isDelta).map(({ params }) => params as Delta);
}

const textOf = (deltas: readonly Delta[]): string =>
  Buffer.concat(deltas.map(({ deltaBase64 }) => Buffer.from(deltaBase64, 'base64'))).toString();

conformance('bodies of http/request', (scenario) => {
  scenario('a body may be streamed in numbered pieces', async (stage) => {
    const agent = await stage.open();
    const origin = await startWebServer();
    const { status, bodyBase64 } = await agent.result<HttpResult>('http/request', {
      requestId: 's1',
      method: 'GET',
      url: `${origin}/pieces`,
      streamResponse: true,
    });
    const deltas = await deltasOf(agent, 's1');
    agent.sees(
      {
        status,
        bodyBase64,
        text: textOf(deltas),
        numbered: deltas.every(({ seq }, index) => seq === index + 1),
        last: { ...deltas.at(-1), seq: 0 },
      },
      {
        status: 200,
        bodyBase64: '',
        text: 'one two three',
        numbered: true,
        last: { requestId: 's1', seq: 0, deltaBase64: '', done: true, error: null },
      },
    );
  });

  scenario('a body that breaks off', async (stage) => {
    const agent = await stage.open();
    const origin = await startWebServer();
    const cut = { requestId: 'c', method: 'GET', url: `${origin}/cut` };
    await agent.asks(
      'http/request',
      cut,
      refused(-32603, 'failed to read http/request response body: error decoding response body'),
    );
    await agent.result('http/request', { ...cut, streamResponse: true });
    const deltas = await deltasOf(agent, 'c');
    agent.sees([textOf(deltas), deltas.at(-1)?.error], ['partial', 'error decoding response body']);
  });

  scenario('a stream’s id is taken until its last piece', async (stage) => {
    const agent = await stage.open();
    const origin = await startWebServer();
    const stream = { requestId: 's', method: 'GET', streamResponse: true };
    const taken = 'http/request streamResponse requestId `s` is already active';
    await agent.result('http/request', { ...stream, url: `${origin}/pieces` });
    await deltasOf(agent, 's');
    const held = { ...stream, url: `${origin}/held` };
    let reply = await agent.call('http/request', held);
    // The peer sends the last piece, and frees the id after that.
    while (stage.side === 'peer' && 'error' in reply && reply.error.message === taken) {
      reply = await agent.call('http/request', held);
    }
    agent.sees('result' in reply, true);
    await agent.asks('http/request', { ...stream, url: `${origin}/x` }, refused(-32602, taken));
  });
});
