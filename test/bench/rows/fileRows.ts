import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { BenchClient } from '../benchClient';
import { requireBytes } from '../bulkOutput';
import { makePayload } from '../payload';
import type { Line, Row } from '../row';
import { MIB, median, timed, withServer } from '../row';
import { SinkClient, framesOf } from '../sinkClient';

const sizes = [8, 32];
const transfers = 5;
const smallFiles = 1500;

/** As for the round trip: what is measured is a server that has been at work for a while. */
const warmUpFiles = 500;

const read = (size: number): Line => ({
  label: `fs/readFile, ${size} MiB`,
  unit: 'MB/s',
  goal: { atLeast: 2 },
});
const write = (size: number): Line => ({
  label: `fs/writeFile, ${size} MiB`,
  unit: 'MB/s',
  goal: { atLeast: 1.5 },
});

/** Whole files each way: once to compare every byte, and then as fast as the socket can be drained. */
export const fileRow: Row = {
  name: 'files',
  lines: { read8: read(8), read32: read(32), write8: write(8), write32: write(32) },
  measure: (context) =>
    withServer(context, async ({ url }) => {
      const figures: Record<string, number> = {};
      for (const size of sizes) {
        const { reads, writes } = await transfer(url, context.folder, size * MIB);
        figures[`read${size}`] = (size * MIB) / 1e6 / (median(reads) / 1000);
        figures[`write${size}`] = (size * MIB) / 1e6 / (median(writes) / 1000);
      }
      return figures;
    }),
};

async function transfer(
  url: string,
  folder: string,
  bytes: number,
): Promise<{ readonly reads: readonly number[]; readonly writes: readonly number[] }> {
  const content = makePayload(bytes);
  const dataBase64 = content.toString('base64');
  const source = path.join(folder, `source-${bytes}`);
  const target = path.join(folder, `target-${bytes}`);
  await writeFile(source, content);
  const checking = await BenchClient.connect(url);
  const answer = await checking.call('fs/readFile', { path: `file://${source}` });
  if ((answer as { dataBase64: string }).dataBase64 !== dataBase64) {
    throw new Error('A file was read wrong');
  }
  await checking.close();
  const client = await SinkClient.connect(url);
  const reads: number[] = [];
  const writes: number[] = [];
  for (let id = 10; id <= 10 + transfers; id += 1) {
    const readRequest = { id, method: 'fs/readFile', params: { path: `file://${source}` } };
    const readFrames = framesOf(JSON.stringify(readRequest));
    const before = client.contentBytes;
    const readMs = await timed(() => client.request(readFrames, `"id":${id},`));
    requireBytes(client.contentBytes - before, bytes);
    const params = { path: `file://${target}`, dataBase64 };
    const writeFrames = framesOf(JSON.stringify({ id, method: 'fs/writeFile', params }));
    const writeMs = await timed(() => client.request(writeFrames, `"id":${id},"result"`));
    // The first of each warms up.
    if (id === 10) continue;
    reads.push(readMs);
    writes.push(writeMs);
  }
  await client.close();
  if (!content.equals(await readFile(target))) throw new Error('A file was written wrong');
  return { reads, writes };
}

/** A small file written and read back, one after another. */
export const smallFileRow: Row = {
  name: 'small-files',
  lines: {
    rate: { label: 'small file write + read', unit: '/s', goal: { atLeast: 1.5 }, digits: 0 },
  },
  measure: (context) =>
    withServer(context, async ({ url }) => {
      const client = await BenchClient.connect(url);
      const dataBase64 = makePayload(1024).toString('base64');
      const pair = async (number: number): Promise<void> => {
        const uri = `file://${context.folder}/small-${number % 10}`;
        await client.call('fs/writeFile', { path: uri, dataBase64 });
        const answer = (await client.call('fs/readFile', { path: uri })) as { dataBase64: string };
        if (answer.dataBase64 !== dataBase64) throw new Error('A small file differs');
      };
      for (let number = 0; number < warmUpFiles; number += 1) await pair(number);
      const ms = await timed(async () => {
        for (let number = 0; number < smallFiles; number += 1) await pair(number);
      });
      await client.close();
      return { rate: (smallFiles * 1000) / ms };
    }),
};
