import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { BenchClient } from '../benchClient';
import type { Row } from '../row';
import { percentile, timed, withServer } from '../row';

const roundTrips = 400;

/** What an agent feels while the process of another one prints without end. */
export const floodRow: Row = {
  name: 'flood',
  lines: {
    p99: {
      label: 'small RPC p99 while another session floods',
      unit: 'ms',
      goal: { atMost: 0.5 },
      digits: 2,
    },
  },
  measure: (context) =>
    withServer(context, async ({ url }) => {
      const params = {
        processId: 'flood',
        argv: ['/usr/bin/yes', 'a line of output that goes on and on'],
        cwd: `file://${context.folder}`,
        env: {},
        tty: false,
      };
      const start = JSON.stringify({ id: 2, method: 'process/start', params });
      const flood = new Worker(new URL('floodWorker.mjs', import.meta.url), {
        workerData: { url, start },
      });
      await once(flood, 'message');
      const client = await BenchClient.connect(url);
      const samples: number[] = [];
      for (let number = 0; number < roundTrips; number += 1) {
        samples.push(await timed(() => client.call('environment/status', {})));
      }
      await client.close();
      flood.postMessage('stop');
      await once(flood, 'exit');
      return { p99: percentile(samples, 0.99) };
    }),
};
