import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ClientProcessEvent } from '../../../src/client/clientProcess';
import { ProcessRecord, connectClient, serversToTry, startOf } from '../../support/clientServers';

const MIB = 1024 * 1024;

describe.each(serversToTry)('a process on %s', (_name, serve) => {
  it('tells output, exit and close in order, and what it ended with', async () => {
    const { url, cwd } = await serve();
    const client = await connectClient(url);
    const script = 'read line; echo "got $line"; read line; exit 3';
    const process = await client.startProcess(startOf(cwd, script));
    const record = new ProcessRecord(process);
    const written = await process.write(Buffer.from('hello\n'));
    // At the peer an exit may overtake output.
    await record.untilBytes('got hello\n'.length);
    await process.write(Buffer.from('\n'));
    const state = await process.ended;
    expect({ written, state, output: record.output.toString(), shape: record.shape }).toEqual({
      written: 'accepted',
      state: { status: 'closed', exitCode: 3, failure: undefined, lastSeq: 3 },
      output: 'got hello\n',
      shape: ['output', 'exited', 'closed'],
    });
  });

  it('takes and gives 5 MB of random bytes unchanged', async () => {
    const { url, cwd } = await serve();
    const client = await connectClient(url);
    const process = await client.startProcess(startOf(cwd, ['/bin/cat']));
    const record = new ProcessRecord(process);
    const sent = randomBytes(5 * MIB);
    const writes: ReturnType<typeof process.write>[] = [];
    for (let at = 0; at < sent.length; at += 61_441) {
      writes.push(process.write(sent.subarray(at, at + 61_441)));
    }
    await record.untilBytes(sent.length);
    // What a write led to may come before the answer to it.
    const statuses = new Set(await Promise.all(writes));
    await process.terminate();
    const { status } = await process.ended;
    expect({ same: record.output.equals(sent), statuses: [...statuses], status }).toEqual({
      same: true,
      statuses: ['accepted'],
      status: 'closed',
    });
  });

  it('is read in a loop at the pace of the reader', async () => {
    const { url, cwd } = await serve();
    // Calls would let the client read on: there are none but the start.
    const client = await connectClient(url, { limits: { maxUnreadBytes: 64 * 1024 } });
    const bytes = 20 * MIB;
    const process = await client.startProcess(
      startOf(cwd, `head -c ${bytes} /dev/zero; exit 7`, { pipeStdin: false }),
    );
    let seen = 0;
    const ends: Exclude<ClientProcessEvent, { type: 'output' }>[] = [];
    for await (const event of process.events()) {
      if (event.type !== 'output') ends.push(event);
      else {
        seen += event.chunk.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
    expect({ seen, ends: ends.map(({ type }) => type), state: process.state.exitCode }).toEqual({
      seen: bytes,
      ends: ['exited', 'closed'],
      state: 7,
    });
  });

  it('leaves nothing behind when it cannot be started', async () => {
    const { url, cwd } = await serve();
    const client = await connectClient(url);
    const refused = await client
      .startProcess(startOf(cwd, ['/does/not/exist']))
      .catch((error: unknown) => error);
    const process = await client.startProcess(startOf(cwd, 'exit 0'));
    expect({ refused, state: await process.ended }).toMatchObject({
      refused: { code: -32603, message: 'No such file or directory (os error 2)' },
      state: { status: 'closed', exitCode: 0 },
    });
  });

  it('has an id that is refused a second time, and goes on undisturbed', async () => {
    const { url, cwd } = await serve();
    const client = await connectClient(url);
    const process = await client.startProcess(startOf(cwd, ['/bin/cat']));
    const record = new ProcessRecord(process);
    const refused = await client.startProcess(startOf(cwd, 'true')).catch((e: unknown) => e);
    await process.write(Buffer.from('still here'));
    await record.untilBytes(10);
    await process.terminate();
    await process.ended;
    expect({ refused, output: record.output.toString() }).toMatchObject({
      refused: { code: -32600, message: 'process p already exists' },
      output: 'still here',
    });
  });

  it('is heard from its first event on by whoever listens when it has started', async () => {
    const { url, cwd } = await serve();
    const client = await connectClient(url);
    const outputs = await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const processId = `p${index}`;
        const started = await client.startProcess(
          startOf(cwd, `echo ${processId}`, { processId, pipeStdin: false }),
        );
        const record = new ProcessRecord(started);
        await started.ended;
        return record.output.toString();
      }),
    );
    expect(outputs).toEqual(Array.from({ length: 20 }, (_, index) => `p${index}\n`));
  });

  it('fails when its client is closed, and calls are refused from then on', async () => {
    const { url, cwd } = await serve();
    const client = await connectClient(url);
    const process = await client.startProcess(startOf(cwd, ['/bin/cat']));
    await client.close();
    const { status, failure } = await process.ended;
    const call = await client.request('environment/status', null).catch((e: unknown) => e);
    expect({ status, failure, call, state: client.state }).toMatchObject({
      status: 'failed',
      failure: 'the connection to the exec-server has ended: it was closed',
      call: { code: 'connectionClosed' },
      state: { kind: 'ended', reason: 'it was closed' },
    });
  });
});
