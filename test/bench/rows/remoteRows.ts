import { BenchClient } from '../benchClient';
import { producer } from '../bulkOutput';
import type { Contestants } from '../contestant';
import type { Row } from '../row';
import { percentile, withServer } from '../row';
import { parsing, pipeRepeats } from './bulkRows';
import { roundTripTimes } from './interactiveRows';

/**
 * Our server in remote mode against the very server it passes everything on to. What is called has its
 * answer there and nowhere else.
 */
function remoteRow(name: string, remote: string, rivals: (both: Contestants) => Contestants): Row {
  return {
    name,
    lines: {
      p50: {
        label: `small call through remote mode to ${remote} / direct, p50`,
        unit: 'ms',
        goal: { atMost: 1.6 },
        digits: 3,
      },
      rate: {
        label: `bulk pipe output through remote mode to ${remote} / direct`,
        unit: 'MB/s',
        goal: { atLeast: 0.6 },
      },
    },
    rivals,
    async measure(context) {
      const p50 = await withServer(context, async ({ url }) => {
        const client = await BenchClient.connect(url);
        const params = { path: `file://${context.folder}` };
        const samples = await roundTripTimes(() => client.call('fs/getMetadata', params));
        await client.close();
        return percentile(samples, 0.5);
      });
      const argv = await producer(context.folder, pipeRepeats);
      const { rate } = await parsing(context, argv, pipeRepeats, { tty: false });
      return { p50, rate };
    },
  };
}

export const remotePeerRow = remoteRow('remote-peer', 'peer', ({ ours, peer }) => ({
  ours: { ...ours, remote: peer },
  peer,
}));

export const remoteOursRow = remoteRow('remote-ours', 'ours', ({ ours }) => ({
  ours: { ...ours, remote: ours },
  peer: { ...ours, name: 'peer' },
}));
