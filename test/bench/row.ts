import type { Contestant, Contestants, RunningServer } from './contestant';
import { startServer } from './contestant';

/** What one row of the table is measured with. */
export interface RowContext {
  readonly contestant: Contestant;
  /** An empty folder, the server's workspace. */
  readonly folder: string;
}

/** Figures of one measurement, one for each line the row gives. */
export type Figures = Readonly<Record<string, number>>;

/** One line of the table. */
export interface Line {
  readonly label: string;
  readonly unit: string;
  /** What the ratio ours / peer is held against; absent for lines that only inform. */
  readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
  /** The goal is for our figure itself, because the peer's says nothing about it. */
  readonly absolute?: boolean;
  readonly digits?: number;
}

/** One kind of measurement, made of a fresh server each time. */
export interface Row {
  readonly name: string;
  readonly lines: Readonly<Record<string, Line>>;
  /** What stands in the two columns, where it is not our server and the reference. */
  readonly rivals?: (contestants: Contestants) => Contestants;
  measure(context: RowContext): Promise<Figures>;
}

/** Runs `use` with a server that is gone afterwards. */
export async function withServer<T>(
  { contestant, folder }: RowContext,
  use: (server: RunningServer) => Promise<T>,
): Promise<T> {
  const server = await startServer(contestant, folder);
  try {
    return await use(server);
  } finally {
    await server.stop();
  }
}

/** @param share 0.5 for the median. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return sorted[at] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);

/** How long one run of `work` takes, in milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

export const MIB = 1024 * 1024;
