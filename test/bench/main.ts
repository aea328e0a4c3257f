/**
 * Measures our server beside the reference server, A B A B, and prints a table.
 *
 *   npm run bench                       five rounds of everything
 *   npm run bench -- --rounds 3 --only bulk,files
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CODEX } from '../host/versions.mjs';
import type { Contestant } from './contestant';
import { contestants } from './contestant';
import type { Figures, Row } from './row';
import { median, timed } from './row';
import { binaryRow, bulkPipeRow, bulkPtyRow, linesRow } from './rows/bulkRows';
import { fileRow, smallFileRow } from './rows/fileRows';
import { floodRow } from './rows/floodRow';
import { keystrokeRow, pipelineRow, roundTripRow } from './rows/interactiveRows';
import { idleSessionRow, stoppedReaderRow } from './rows/memoryRows';
import { parallelRow, pipeStartRow, ptyStartRow } from './rows/processRows';
import { remoteOursRow, remotePeerRow } from './rows/remoteRows';
import { startupRow } from './rows/startupRow';
import { formatTable } from './table';

const rows: readonly Row[] = [
  keystrokeRow,
  pipeStartRow,
  ptyStartRow,
  parallelRow,
  roundTripRow,
  pipelineRow,
  bulkPipeRow,
  binaryRow,
  bulkPtyRow,
  linesRow,
  fileRow,
  smallFileRow,
  floodRow,
  idleSessionRow,
  stoppedReaderRow,
  startupRow,
  remotePeerRow,
  remoteOursRow,
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
    executor: { type: 'string', default: 'dist/executor.js' },
  },
});

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function inFreshFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(tmpdir(), 'exec-server-bench-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const measure = (row: Row, contestant: Contestant): Promise<Figures> =>
  inFreshFolder((folder) => row.measure({ contestant, folder }));

/** The same work every time: how much its duration varies is how much the machine does. */
async function machineNoise(): Promise<number> {
  return timed(() => {
    let state = 1;
    for (let step = 0; step < 20_000_000; step += 1) state = (state * 48_271) % 2_147_483_647;
    return Promise.resolve(state);
  });
}

const only = values.only === '' ? [] : values.only.split(',');
const chosen = rows.filter(
  ({ name }) => only.length === 0 || only.some((part) => name.includes(part)),
);
const both = await contestants(path.resolve(values.executor));
const noise: number[] = [];
const measured = chosen.map((row) => ({
  row,
  rounds: [] as { readonly ours: Figures; readonly peer: Figures }[],
}));
for (let round = 1; round <= Number(values.rounds); round += 1) {
  for (const { row, rounds } of measured) {
    say(`round ${round}: ${row.name}`);
    noise.push(await machineNoise());
    const { ours, peer } = row.rivals?.(both) ?? both;
    // Who comes first alternates, so that neither profits from a quiet moment.
    const isOursFirst = round % 2 === 1;
    const first = await measure(row, isOursFirst ? ours : peer);
    const second = await measure(row, isOursFirst ? peer : ours);
    rounds.push(isOursFirst ? { ours: first, peer: second } : { ours: second, peer: first });
  }
}

const spread = Math.max(...noise) / Math.min(...noise);
process.stdout.write(
  [
    formatTable(measured),
    '',
    `Medians of ${values.rounds} rounds, A B A B, against \`codex exec-server\` ${CODEX}. ` +
      `Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, load ${loadavg()[0]?.toFixed(1) ?? '?'}. ` +
      `A fixed loop took ${median(noise).toFixed(0)} ms in the median, max/min ${spread.toFixed(2)}.`,
    '',
  ].join('\n'),
);
