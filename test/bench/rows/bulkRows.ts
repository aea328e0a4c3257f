import { BenchClient } from '../benchClient';
import { drain, payload, producer, readAll, requireBytes } from '../bulkOutput';
import { PayloadCheck, payloadBytes } from '../payload';
import type { Row, RowContext } from '../row';
import { timed, withServer } from '../row';
import { SinkClient } from '../sinkClient';

export const pipeRepeats = 24;
const ptyRepeats = 8;
const lines = 60_000;

/** Has a program print and checks all that comes. */
export async function parsing(
  context: RowContext,
  argv: readonly string[],
  repeats: number,
  { tty, binary = false }: { readonly tty: boolean; readonly binary?: boolean },
): Promise<{ rate: number; cpuPerGb: number }> {
  return withServer(context, async (server) => {
    const client = await BenchClient.connect(server.url, binary);
    const check = new PayloadCheck(payload);
    const cpuBefore = server.cpuMs();
    const ms = await timed(() =>
      readAll(client, argv, { cwd: context.folder, tty }, (chunk) => {
        check.take(chunk);
      }),
    );
    const cpuMs = server.cpuMs() - cpuBefore;
    requireBytes(check.bytes, repeats * payloadBytes);
    await client.close();
    return { rate: check.bytes / 1e6 / (ms / 1000), cpuPerGb: cpuMs / 1000 / (check.bytes / 1e9) };
  });
}

/** Much output on a pipe, to a client that reads what it says and to one that does not look. */
export const bulkPipeRow: Row = {
  name: 'bulk-pipe',
  lines: {
    rate: { label: 'bulk pipe output, client parsing', unit: 'MB/s', goal: { atLeast: 1.3 } },
    cpu: { label: 'server CPU per GB of it', unit: 's', goal: { atMost: 0.6 }, digits: 2 },
    sink: { label: 'bulk pipe output, sink', unit: 'MB/s', goal: { atLeast: 1.5 } },
  },
  async measure(context) {
    const argv = await producer(context.folder, pipeRepeats);
    const { rate, cpuPerGb } = await parsing(context, argv, pipeRepeats, { tty: false });
    const sinkRate = await withServer(context, async ({ url }) => {
      const sink = await SinkClient.connect(url);
      const ms = await timed(() => drain(sink, argv, context.folder));
      requireBytes(sink.contentBytes, pipeRepeats * payloadBytes);
      await sink.close();
      return sink.contentBytes / 1e6 / (ms / 1000);
    });
    return { rate, cpu: cpuPerGb, sink: sinkRate };
  },
};

/** The same to a client that asked for binary output, held against the one that did not. */
export const binaryRow: Row = {
  name: 'binary',
  lines: {
    rate: {
      label: 'bulk pipe output, binary (ours) / JSON (ours)',
      unit: 'MB/s',
      goal: { atLeast: 2 },
    },
  },
  rivals: ({ ours }) => ({ ours, peer: { ...ours, name: 'peer' } }),
  async measure(context) {
    const argv = await producer(context.folder, pipeRepeats);
    const binary = context.contestant.name === 'ours';
    const { rate } = await parsing(context, argv, pipeRepeats, { tty: false, binary });
    return { rate };
  },
};

/** Much output on a terminal that passes it on unchanged. */
export const bulkPtyRow: Row = {
  name: 'bulk-pty',
  lines: { rate: { label: 'PTY bulk output', unit: 'MB/s', goal: { atLeast: 1.3 } } },
  async measure(context) {
    const argv = await producer(context.folder, ptyRepeats);
    const raw = ['/bin/sh', '-c', 'stty raw -echo; exec "$@"', 'sh', ...argv];
    const { rate } = await parsing(context, raw, ptyRepeats, { tty: true });
    return { rate };
  },
};

/** One write per line, as a build or a test run prints. */
export const linesRow: Row = {
  name: 'lines',
  lines: {
    rate: { label: '60 k flushed lines', unit: 'lines/s', goal: { atLeast: 1 }, digits: 0 },
    cpu: { label: 'server CPU of them', unit: 's', goal: { atMost: 1 }, digits: 2 },
  },
  measure: (context) =>
    withServer(context, async (server) => {
      const client = await BenchClient.connect(server.url);
      const program = `BEGIN { for (i = 1; i <= ${lines}; i++) { print "line " i; fflush() } }`;
      const parts: Buffer[] = [];
      const cpuBefore = server.cpuMs();
      const ms = await timed(() =>
        readAll(client, ['/usr/bin/awk', program], { cwd: context.folder, tty: false }, (chunk) => {
          parts.push(chunk);
        }),
      );
      const cpuMs = server.cpuMs() - cpuBefore;
      await client.close();
      const expected = Array.from({ length: lines }, (_, index) => `line ${index + 1}\n`).join('');
      if (Buffer.concat(parts).toString() !== expected) throw new Error('The lines differ');
      return { rate: (lines * 1000) / ms, cpu: cpuMs / 1000 };
    }),
};
