import { constants } from 'node:os';

/** Shells report a program that signal N ended as this plus N; clients expect the same of us. */
const signalBase = 128;

/** The exit code as clients see it, 0–255, of a program ended by itself or by a signal. */
export function exitCodeOf(code: number | null, signal: NodeJS.Signals | number | null): number {
  const signalNumber = typeof signal === 'string' ? constants.signals[signal] : (signal ?? 0);
  return (signalNumber > 0 ? signalBase + signalNumber : (code ?? 0)) & 0xff;
}
