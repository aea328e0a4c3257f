import { readFileSync } from 'node:fs';

/** Whether a process runs; one that ended and waits to be reaped does not. Linux only. */
export function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  } catch {
    // Gone altogether.
    return false;
  }
}

/** The arguments of a process, joined by spaces; empty when it is gone. Linux only. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    // Gone between listing and looking.
    return '';
  }
}

/** The id of the process that started another one. Linux only. @throws when it is gone. */
export function parentOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
