import { isRunning } from '../model/executorModel';
import type { ModelProcess } from '../model/executorModel';
import { plural } from '../model/duration';
import { askModal } from '../notify';

/** Asks before programs are ended; without a running one there is nothing to ask. */
export async function confirmTermination(
  processes: readonly ModelProcess[],
  question: string,
  answer: string,
): Promise<boolean> {
  const running = processes.filter(isRunning).length;
  if (running === 0) return true;
  const ended = plural(running, 'running process', 'running processes');
  return (await askModal(question, `This terminates ${ended}.`, answer)) === answer;
}
