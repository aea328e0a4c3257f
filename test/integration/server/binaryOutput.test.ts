import { describe, expect, it } from 'vitest';
import { parseOutputFrame } from '../../../src/protocol/outputFrame';
import { startServer } from '../../support/execServerHarness';
import { run } from '../../support/processCalls';
import { WireClient, startParams } from '../../support/wireClient';
import { failOnLeaks } from '../../support/wireLeaks';

failOnLeaks();

/** Connects and asks for binary output, or says nothing about it. */
async function openWith(
  url: string,
  binaryOutput: boolean | undefined,
  resumeSessionId?: string,
): Promise<{ client: WireClient; answer: { sessionId: string; binaryOutput?: boolean } }> {
  const client = await WireClient.connect(url);
  const params = { clientName: 'wire-test', resumeSessionId, binaryOutput };
  const answer = await client.request('initialize', params);
  client.notify('initialized');
  return { client, answer: answer as { sessionId: string; binaryOutput?: boolean } };
}

const printing = 'printf hi; printf err >&2; exit 3';

describe('a client that asks for binary output', () => {
  it('is told so and gets output as frames, numbered together with the other events', async () => {
    const { url } = await startServer();
    const { client, answer } = await openWith(url, true);
    await client.request('process/start', startParams('é', printing));
    await client.next(({ method }) => method === 'process/closed');
    const frames = client.frames.map(parseOutputFrame);
    const others = client.received.filter(({ method }) => method !== undefined);
    await client.close();
    expect(answer.binaryOutput).toBe(true);
    const seqOf = (stream: string): number | undefined =>
      frames.find((frame) => frame?.stream === stream)?.seq;
    expect(new Set([seqOf('stdout'), seqOf('stderr')])).toEqual(new Set([1, 2]));
    expect(frames.map((frame) => [frame?.processId, frame?.chunk.toString()]).sort()).toEqual([
      ['é', 'err'],
      ['é', 'hi'],
    ]);
    expect(others).toEqual([
      {
        method: 'process/exited',
        params: { processId: 'é', seq: 3, exitCode: 3, sandboxDenied: false },
      },
      { method: 'process/closed', params: { processId: 'é', seq: 4 } },
    ]);
  });

  it('gets every byte of a large output', async () => {
    const { url } = await startServer();
    const { client } = await openWith(url, true);
    const argv = [
      '/bin/sh',
      '-c',
      'i=0; while [ $i -lt 20 ]; do head -c 1000003 /dev/zero | tr "\\0" "\\\\$((i % 8))"; i=$((i+1)); done',
    ];
    await client.request('process/start', startParams('big', argv));
    await client.next(({ method }) => method === 'process/closed');
    const bytes = Buffer.concat(
      client.frames.map((frame) => parseOutputFrame(frame)?.chunk ?? Buffer.alloc(0)),
    );
    await client.close();
    const expected = Buffer.concat(
      Array.from({ length: 20 }, (_, index) => Buffer.alloc(1_000_003, index % 8)),
    );
    expect(bytes.equals(expected)).toBe(true);
  });

  it('still reads what it missed as JSON', async () => {
    const { url } = await startServer();
    const { client } = await openWith(url, true);
    await client.request('process/start', startParams('p', 'printf hi'));
    await client.next(({ method }) => method === 'process/closed');
    const read = await client.request('process/read', { processId: 'p' });
    await client.close();
    expect(read).toMatchObject({ chunks: [{ seq: 1, stream: 'stdout', chunk: 'aGk=' }] });
  });
});

describe('a client that does not ask', () => {
  it.each([undefined, false])('never sees binary output: %s', async (asked) => {
    const { url } = await startServer();
    const { client, answer } = await openWith(url, asked);
    const { output } = await run(client, 'p', printing);
    await client.close();
    expect([answer.binaryOutput, client.frames, output]).toEqual([
      undefined,
      [],
      { stdout: 'hi', stderr: 'err' },
    ]);
  });

  it('never sees it either where the connection before it did', async () => {
    const { url } = await startServer();
    const first = await openWith(url, true);
    await first.client.close();
    const { client, answer } = await openWith(url, undefined, first.answer.sessionId);
    const { output } = await run(client, 'p', printing);
    await client.close();
    expect([answer, client.frames, output]).toEqual([
      expect.objectContaining({ sessionId: first.answer.sessionId }),
      [],
      { stdout: 'hi', stderr: 'err' },
    ]);
  });
});
