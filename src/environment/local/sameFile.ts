import type { BigIntStats } from 'node:fs';

/** Whether two looks found one file. Windows numbers files with 64 bits, hence whole numbers only. */
export function isSameFile(a: BigIntStats, b: BigIntStats): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
