import type { Disposable } from '../../base/lifecycle';
import type { ExecutorModel, ModelProcess } from '../model/executorModel';
import { isRunning } from '../model/executorModel';
import type { Settings } from '../settingsSchema';

/** What opens terminals unasked. */
export interface AutoRevealOptions {
  readonly model: ExecutorModel;
  /** Processes started before are not of interest: a reload must not open them all. */
  readonly sinceMs: number;
  reveal(): Settings['terminal.reveal'];
  show(process: ModelProcess): void;
}

/** Opens output as `execServer.terminal.reveal` says, once per process and without taking the focus. */
export function autoReveal(options: AutoRevealOptions): Disposable {
  const { model, sinceMs } = options;
  let known: ReadonlyMap<string, boolean> = new Map();
  return model.onDidChange(() => {
    const previous = known;
    known = new Map(model.processes.map((process) => [process.key, isRunning(process)]));
    const reveal = options.reveal();
    if (reveal === 'never') return;
    for (const process of model.processes) {
      if (process.startedAtMs < sinceMs || process.isLost) continue;
      const hasStarted = !previous.has(process.key);
      const hasEnded = (hasStarted || previous.get(process.key) === true) && !isRunning(process);
      const isWanted =
        reveal === 'onStart' ? hasStarted : hasEnded && (process.exitCode ?? 0) !== 0;
      if (isWanted) options.show(process);
    }
  });
}
