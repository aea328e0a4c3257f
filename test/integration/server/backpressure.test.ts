import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/server/session';
import type { ServerUnderTest } from '../../support/execServerHarness';
import { startServer } from '../../support/execServerHarness';
import { WireClient, startParams } from '../../support/wireClient';
import {
  failOnLeaks,
  memoryInUse,
  until,
  untilMemoryIsWithin,
  untilStable,
} from '../../support/wireLeaks';

failOnLeaks();

const MIB = 1024 * 1024;

/** More than the kernel's socket buffers, the send queue and one read of every process take together. */
const stalledBytes = 24 * MIB;

/** Bytes the server has taken from all its processes. */
function takenBytes({ executor }: ServerUnderTest): number {
  let bytes = 0;
  for (const session of executor.server.sessions.all) {
    for (const { outputBytes } of session.processes) bytes += outputBytes;
  }
  return bytes;
}

/** Waits until a client that does not read has stalled its children; answers what was taken of them until then. */
async function untilStalled(server: ServerUnderTest): Promise<number> {
  // Children that were not given the processor yet are no stalled ones.
  await until(
    () => [...server.executor.server.sessions.all].some(isCongested),
    'the way to the client is full',
  );
  return untilStable(() => takenBytes(server), 'the children stall');
}

const isCongested = ({ currentAttachment }: Session): boolean =>
  currentAttachment?.isCongested === true;

describe('a client that stops reading', () => {
  it('stalls its child, costs no memory, and gets everything without a gap when it reads on', async () => {
    const server = await startServer();
    const client = await WireClient.open(server.url);
    const totalBytes = 48 * MIB;
    await client.request(
      'process/start',
      startParams('p', ['/usr/bin/head', '-c', `${totalBytes}`, '/dev/zero']),
    );
    const before = memoryInUse();
    client.setPaused(true);
    const stalledAt = await untilStalled(server);
    await untilMemoryIsWithin(before + 16 * MIB);
    const [session] = server.executor.server.sessions.all;
    const { exited } = session?.process('p').process.state ?? {};
    client.setPaused(false);
    const output = await client.outputOf('p');
    const seqs = client.eventsOf('p').map(({ params }) => params.seq);
    await client.close();
    expect({
      stalled: stalledAt < stalledBytes,
      exited,
      bytes: output.length,
      zero: output.every((byte) => byte === 0),
      gapFree: seqs.every((seq, index) => seq === index + 1),
    }).toEqual({
      stalled: true,
      exited: false,
      bytes: totalBytes,
      zero: true,
      gapFree: true,
    });
  });

  it('stalls twenty flooding children, which does not touch another client', async () => {
    const server = await startServer();
    const [stuck, other] = [await WireClient.open(server.url), await WireClient.open(server.url)];
    const before = memoryInUse();
    for (let index = 0; index < 20; index += 1) {
      stuck.sendRaw(
        JSON.stringify({
          id: index,
          method: 'process/start',
          params: startParams(`yes ${index}`, ['/usr/bin/yes']),
        }),
      );
    }
    stuck.setPaused(true);
    const stalledAt = await untilStalled(server);
    await untilMemoryIsWithin(before + 64 * MIB);
    await other.request('process/start', startParams('p', 'echo fine'));
    const output = (await other.outputOf('p')).toString();
    stuck.cut();
    await other.close();
    expect({ stalled: stalledAt < stalledBytes, output }).toEqual({
      stalled: true,
      output: 'fine\n',
    });
  });

  it('and goes on asking does not pile up answers, and gets them all in the end', async () => {
    const server = await startServer();
    const client = await WireClient.open(server.url);
    await client.request(
      'process/start',
      startParams('p', ['/usr/bin/head', '-c', `${MIB}`, '/dev/zero']),
    );
    await client.outputOf('p');
    const before = memoryInUse();
    client.setPaused(true);
    const ids = Array.from({ length: 100 }, (_, index) => `read ${index}`);
    for (const id of ids)
      client.sendRaw(JSON.stringify({ id, method: 'process/read', params: { processId: 'p' } }));
    await untilStable(
      () => Math.round(process.memoryUsage().external / MIB),
      'the server stops answering',
    );
    await untilMemoryIsWithin(before + 40 * MIB);
    client.setPaused(false);
    await client.next(({ id }) => id === ids.at(-1));
    const answered = client.received.flatMap(({ id }) => (typeof id === 'string' ? [id] : []));
    await client.close();
    expect(answered).toEqual(ids);
  });

  it('and is cut lets its child run on, with the newest output kept', async () => {
    const server = await startServer();
    const client = await WireClient.open(server.url);
    const totalBytes = 32 * MIB;
    await client.request(
      'process/start',
      startParams('p', `head -c ${totalBytes} /dev/zero; echo end`),
    );
    client.setPaused(true);
    const stalledAt = await untilStalled(server);
    client.cut();
    await until(() => takenBytes(server) === totalBytes + 4, 'the child has run to its end');
    const next = await WireClient.open(server.url, client.sessionId);
    const read = (await next.request('process/read', { processId: 'p', waitMs: 60_000 })) as {
      chunks: { seq: number; chunk: string }[];
    };
    await next.close();
    const kept = Buffer.concat(read.chunks.map(({ chunk }) => Buffer.from(chunk, 'base64')));
    expect({
      stalled: stalledAt < stalledBytes,
      bounded: kept.length <= MIB && kept.length > MIB - 64 * 1024,
      end: kept.subarray(-4).toString(),
    }).toEqual({ stalled: true, bounded: true, end: 'end\n' });
  });
});

describe('while detached', () => {
  it('a child is not held back and its newest output can be read after the resume', async () => {
    const server = await startServer();
    const client = await WireClient.open(server.url);
    const totalBytes = 50_000_000;
    await client.request(
      'process/start',
      startParams('p', `read go; head -c ${totalBytes} /dev/zero`, { pipeStdin: true }),
    );
    client.notify('initialized');
    client.sendRaw(
      JSON.stringify({
        id: 'go',
        method: 'process/write',
        params: { processId: 'p', chunk: 'Cg==', writeId: '1' },
      }),
    );
    await client.next(({ id }) => id === 'go');
    client.cut();
    await until(() => takenBytes(server) === totalBytes, 'the child has run to its end');
    const next = await WireClient.open(server.url, client.sessionId);
    const read = (await next.request('process/read', { processId: 'p' })) as {
      chunks: { seq: number; chunk: string }[];
      nextSeq: number;
    };
    await next.close();
    const seqs = read.chunks.map(({ seq }) => seq);
    const bytes = read.chunks.reduce(
      (sum, { chunk }) => sum + Buffer.from(chunk, 'base64').length,
      0,
    );
    expect({
      bounded: bytes <= MIB && bytes > MIB - 64 * 1024,
      contiguous: seqs.every((seq, index) => seq === (seqs[0] ?? 0) + index),
    }).toEqual({ bounded: true, contiguous: true });
  });
});
