import { isAlive, printedPids, until } from '../support/processFixtures';
import { conformance } from './harness/conformance';
import type { Stage } from './harness/conformance';
import { expectedOf, wording } from './harness/difference';
import { startStdioServer } from './harness/stdio';
import type { StdioServer } from './harness/stdio';
import { expect } from 'vitest';

const HANDSHAKE =
  '{"id":1,"method":"initialize","params":{"clientName":"x"}}\n{"method":"initialized"}\n';

async function open(stage: Stage): Promise<StdioServer> {
  const server = await startStdioServer(stage);
  server.write(HANDSHAKE);
  await server.untilCount(1);
  return server;
}

const ready = (id: number) => ({ id, result: { status: 'ready' } });

conformance('a server on standard input and output', (scenario) => {
  scenario('talks in lines; empty ones mean nothing', async (stage) => {
    const server = await open(stage);
    server.write('\n\n{"id":2,"method":"environment/status"}\n  \n');
    // A line may come in pieces.
    server.write('{"id":3,"method":"environ');
    await server.untilCount(2);
    server.write('ment/status"}\n');
    await server.untilCount(3);
    expect(server.normalised().slice(1)).toEqual([ready(2), ready(3)]);
  });

  scenario('a line that is no message is refused, and the conversation goes on', async (stage) => {
    const server = await open(stage);
    server.write('not json\n{"id":2,"method":"environment/status"}\n');
    await server.untilCount(3);
    const text = 'failed to parse JSON-RPC message from exec-server stdio: ';
    const message = wording(`${text}invalid JSON`, `${text}expected ident at line 1 column 2`);
    expect(server.normalised().slice(1)).toEqual(
      expectedOf(stage.side, [{ error: { code: -32600, message }, id: -1 }, ready(2)]),
    );
  });

  scenario('the end of its input ends it and its programs, with status 0', async (stage) => {
    const server = await open(stage);
    const params = stage.shell('p', 'echo pid $$; while :; do sleep 0.05; done');
    server.write(`${JSON.stringify({ id: 2, method: 'process/start', params })}\n`);
    await server.untilCount(3);
    const output = server.messages().find(({ method }) => method === 'process/output');
    const { chunk } = output?.['params'] as { chunk: string };
    const [pid = 0] = printedPids(Buffer.from(chunk, 'base64').toString(), 'pid');
    expect(isAlive(pid)).toBe(true);
    expect(await server.end()).toBe(0);
    await until(() => !isAlive(pid), 'the program is gone');
  });
});
