import { plural } from '../model/duration';
import { displayText } from '../model/displayText';
import type { WorkspaceChoice } from '../rememberedChoice';

/** A question about the processes of the place that agents leave. */
export interface SwitchQuestion {
  readonly message: string;
  readonly detail: string;
  readonly terminate: string;
  readonly keep: string;
}

/** What to ask before agents' calls go from one place to another, with processes running in the first. */
export function switchQuestion(
  from: WorkspaceChoice,
  to: WorkspaceChoice,
  running: number,
): SwitchQuestion {
  const processes = plural(running, 'process', 'processes');
  const verb = running === 1 ? 'runs' : 'run';
  const answers = {
    terminate:
      running === 1 ? 'Terminate 1 Running Process' : `Terminate ${running} Running Processes`,
    keep: running === 1 ? 'Keep It Running' : 'Keep Them Running',
  };
  if (to.mode === 'disabled') {
    return {
      message: 'Disable Exec Server?',
      detail: `${processes} ${verb} ${placeOf(from)}. Agents can no longer read output of processes that go on running, nor end them. You can.`,
      ...answers,
    };
  }
  return {
    message: to.mode === 'local' ? 'Switch to this machine?' : `Switch to ${nameOf(to.name)}?`,
    detail: `${processes} ${verb} ${placeOf(from)}. Agents can still read and end those that go on running; what they start from now on runs ${placeOf(to)}.`,
    ...answers,
  };
}

function placeOf(choice: WorkspaceChoice): string {
  return choice.mode === 'remote' ? `on ${nameOf(choice.name)}` : 'on this machine';
}

function nameOf(name: string): string {
  return displayText(name, 64);
}
