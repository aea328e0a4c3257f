import { BenchClient } from '../benchClient';
import type { Row } from '../row';
import { percentile, timed, withServer } from '../row';

const starts = 60;
const warmUpStarts = 10;
const parallelStarts = 320;
const lanes = 16;

/** Runs a program and resolves when nothing can come from it any more. */
export async function runToClosed(
  client: BenchClient,
  processId: string,
  options: { readonly cwd: string; readonly tty: boolean },
): Promise<void> {
  let exitCode: number | undefined;
  let closed: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    closed = resolve;
  });
  await client.start(processId, ['/bin/true'], options, ({ method, params }) => {
    if (method === 'process/exited') exitCode = params.exitCode;
    if (method === 'process/closed') closed();
  });
  await ended;
  if (exitCode !== 0) throw new Error(`/bin/true ended with ${exitCode}`);
}

function startRow(name: string, label: string, tty: boolean): Row {
  return {
    name,
    lines: { p50: { label, unit: 'ms', goal: { atMost: 0.06 }, digits: 2 } },
    measure: (context) =>
      withServer(context, async ({ url }) => {
        const client = await BenchClient.connect(url);
        const samples: number[] = [];
        for (let number = 0; number < warmUpStarts + starts; number += 1) {
          const options = { cwd: context.folder, tty };
          const ms = await timed(() => runToClosed(client, `p${number}`, options));
          if (number >= warmUpStarts) samples.push(ms);
        }
        await client.close();
        return { p50: percentile(samples, 0.5) };
      }),
  };
}

export const pipeStartRow = startRow('start-pipe', 'start → closed of /bin/true, pipe, p50', false);
export const ptyStartRow = startRow('start-pty', 'start → closed of /bin/true, PTY, p50', true);

/** Short programs, always a number of them at once. */
export const parallelRow: Row = {
  name: 'parallel',
  lines: {
    rate: { label: '16 in parallel', unit: 'processes/s', goal: { atLeast: 3 }, digits: 0 },
  },
  measure: (context) =>
    withServer(context, async ({ url }) => {
      const client = await BenchClient.connect(url);
      let next = 0;
      const lane = async (): Promise<void> => {
        while (next < parallelStarts) {
          next += 1;
          await runToClosed(client, `p${next}`, { cwd: context.folder, tty: false });
        }
      };
      const ms = await timed(() => Promise.all(Array.from({ length: lanes }, lane)));
      await client.close();
      return { rate: (parallelStarts * 1000) / ms };
    }),
};
