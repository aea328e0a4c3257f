import { BenchClient } from '../benchClient';
import type { ProcessNotice } from '../benchClient';
import type { Row } from '../row';
import { percentile, timed, withServer } from '../row';
import { SinkClient, framesOf } from '../sinkClient';

const keystrokes = 60;
const warmUpKeystrokes = 10;
const roundTrips = 3000;
const warmUpRoundTrips = 4000;
const pipelined = 40_000;
const warmUpPipelined = 10_000;
const pipelineDepth = 128;

/** A key on a terminal until its echo is back. */
export const keystrokeRow: Row = {
  name: 'keystroke',
  lines: {
    p50: { label: 'keystroke echo, p50', unit: 'ms', goal: { atMost: 0.01 }, digits: 3 },
  },
  measure: (context) =>
    withServer(context, async ({ url }) => {
      const client = await BenchClient.connect(url);
      let echoed: () => void = () => undefined;
      const onNotice = ({ method }: ProcessNotice): void => {
        if (method === 'process/output') echoed();
      };
      await client.start('cat', ['/bin/cat'], { cwd: context.folder, tty: true }, onNotice);
      const press = async (number: number): Promise<void> => {
        const echo = new Promise<void>((resolve) => {
          echoed = resolve;
        });
        const writeId = String(number);
        const written = client.call('process/write', { processId: 'cat', chunk: 'eA==', writeId });
        await Promise.all([echo, written]);
      };
      const samples: number[] = [];
      for (let number = 0; number < warmUpKeystrokes + keystrokes; number += 1) {
        const ms = await timed(() => press(number));
        if (number >= warmUpKeystrokes) samples.push(ms);
      }
      await client.call('process/terminate', { processId: 'cat' });
      await client.close();
      return { p50: percentile(samples, 0.5) };
    }),
};

/** Times a call over and over, one after another, once the server is warm. */
export async function roundTripTimes(call: () => Promise<unknown>): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let number = 0; number < warmUpRoundTrips + roundTrips; number += 1) {
    const ms = await timed(call);
    if (number >= warmUpRoundTrips) samples.push(ms);
  }
  return samples;
}

/** The smallest request there is, one after another. */
export const roundTripRow: Row = {
  name: 'roundtrip',
  lines: {
    p50: { label: 'small RPC round trip, p50', unit: 'ms', goal: { atMost: 1 }, digits: 3 },
    p99: { label: 'small RPC round trip, p99', unit: 'ms', goal: { atMost: 1 }, digits: 3 },
  },
  measure: (context) =>
    withServer(context, async ({ url }) => {
      const client = await BenchClient.connect(url);
      const samples = await roundTripTimes(() => client.call('environment/status', {}));
      await client.close();
      return { p50: percentile(samples, 0.5), p99: percentile(samples, 0.99) };
    }),
};

/** The same with a number of them always under way, as many sent at a time as were answered. */
export const pipelineRow: Row = {
  name: 'pipeline',
  lines: {
    rate: { label: 'pipelined small RPCs', unit: '/s', goal: { atLeast: 1.5 }, digits: 0 },
  },
  measure: (context) =>
    withServer(context, async ({ url }) => {
      const client = await SinkClient.connect(url);
      await pipeline(client, warmUpPipelined);
      const ms = await timed(() => pipeline(client, pipelined));
      await client.close();
      return { rate: (pipelined * 1000) / ms };
    }),
};

function pipeline(client: SinkClient, count: number): Promise<void> {
  // Ids of one length make frames of one length, so that any run of them is a part of this memory.
  const frames = Array.from({ length: count }, (_, index) =>
    framesOf(`{"id":${1_000_000 + index},"method":"environment/status","params":{}}`),
  );
  const memory = Buffer.concat(frames);
  const frameBytes = memory.length / count;
  const before = client.messages;
  let sent = 0;
  return new Promise((resolve) => {
    const sendOn = (): void => {
      const answered = client.messages - before;
      if (answered === count) {
        resolve();
        return;
      }
      const end = Math.min(count, answered + pipelineDepth);
      if (end > sent) client.send(memory.subarray(sent * frameBytes, end * frameBytes));
      sent = end;
    };
    client.onMessages = sendOn;
    sendOn();
  });
}
