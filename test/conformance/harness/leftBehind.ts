import { onTestFinished } from 'vitest';
import { isAlive, printedPids } from '../../support/processFixtures';

/**
 * The pid a program has printed as `<label> <pid>`, of something that outlives the program: it ends with
 * the test at the latest.
 */
export function leftBehind(text: string, label: string): number {
  const [pid] = printedPids(text, label);
  if (pid === undefined) throw new Error(`There is no pid of ${label} in: ${text}`);
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return pid;
}
