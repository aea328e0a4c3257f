import type { Figures, Line, Row } from './row';
import { median } from './row';

/** Everything measured of one row: a pair for each round. */
export interface Measured {
  readonly row: Row;
  readonly rounds: readonly { readonly ours: Figures; readonly peer: Figures }[];
}

/** Writes the results as a Markdown table; a line that misses its goal says so. */
export function formatTable(measured: readonly Measured[]): string {
  return [
    '| row | ours | peer | ours / peer (min–max) | goal | |',
    '|---|---:|---:|---:|---:|---|',
    ...measured.flatMap(({ row, rounds }) =>
      Object.entries(row.lines).map(([key, line]) => formatLine(key, line, rounds)),
    ),
  ].join('\n');
}

function formatLine(key: string, line: Line, rounds: Measured['rounds']): string {
  const ours = rounds.map((round) => round.ours[key] ?? Number.NaN);
  const peer = rounds.map((round) => round.peer[key] ?? Number.NaN);
  const ratios = ours.map((value, index) => value / (peer[index] ?? Number.NaN));
  const ratio = median(ours) / median(peer);
  const figure = (value: number): string => `${value.toFixed(line.digits ?? 0)} ${line.unit}`;
  const spread = `${formatRatio(Math.min(...ratios))}–${formatRatio(Math.max(...ratios))}`;
  const cells = [
    line.label,
    figure(median(ours)),
    figure(median(peer)),
    `${formatRatio(ratio)} (${spread})`,
    formatGoal(line),
    verdict(line, line.absolute === true ? median(ours) : ratio),
  ];
  return `| ${cells.join(' | ')} |`;
}

function formatRatio(ratio: number): string {
  return ratio.toFixed(ratio < 0.1 ? 3 : 2);
}

function formatGoal({ goal, absolute, unit }: Line): string {
  if (goal === undefined) return '';
  const suffix = absolute === true ? ` ${unit}` : '';
  return 'atMost' in goal ? `≤ ${goal.atMost}${suffix}` : `≥ ${goal.atLeast}${suffix}`;
}

function verdict({ goal }: Line, value: number): string {
  if (goal === undefined) return '';
  return ('atMost' in goal ? value <= goal.atMost : value >= goal.atLeast) ? 'met' : '**missed**';
}
