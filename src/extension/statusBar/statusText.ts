import type { EnvironmentView } from '../../control/messages';
import type { ExecutorState } from '../executor/executorSupervisor';
import { displayText } from '../model/displayText';
import { plural } from '../model/duration';
import { environmentText } from '../model/environmentText';

/** What the status bar tells. */
export interface StatusInput {
  readonly state: ExecutorState;
  readonly environment: EnvironmentView | undefined;
  readonly sessions: number;
  readonly runningProcesses: number;
}

export interface StatusText {
  readonly text: string;
  readonly tooltip: string;
  /** Everything in words, for a screen reader. */
  readonly accessibleLabel: string;
  /** Only for what needs the user. */
  readonly isWarning: boolean;
}

/** The state of Exec Server in one status bar entry. */
export function statusText(input: StatusInput): StatusText {
  switch (input.state.kind) {
    case 'stopped':
      return entry('server-process', 'off', ['Exec Server is off']);
    case 'starting':
      return entry('loading~spin', 'starting', ['Exec Server is starting']);
    case 'restarting': {
      const spoken = 'Exec Server ended unexpectedly and is restarting';
      return entry('loading~spin', 'restarting', [spoken]);
    }
    case 'failed': {
      const reason = displayText(input.state.reason, 300);
      return { ...entry('warning', 'failed', [`Exec Server failed: ${reason}`]), isWarning: true };
    }
    case 'running':
      return input.environment === undefined
        ? entry('loading~spin', 'starting', ['Exec Server is starting'])
        : runningText(input, input.environment);
  }
}

function runningText(
  { sessions, runningProcesses }: StatusInput,
  environment: EnvironmentView,
): StatusText {
  const words = environmentText(environment);
  const agents = plural(sessions, 'agent');
  const parts = [
    words.name,
    ...present(words.healthWord),
    ...present(words.restriction),
    ...(sessions === 0 ? [] : [agents]),
    ...(runningProcesses === 0 ? [] : [`${runningProcesses} running`]),
  ];
  const spoken = [
    environment.mode === 'disabled'
      ? 'Exec Server is disabled, every call is refused'
      : `Exec Server is on, agents work ${words.where}`,
    ...(environment.mode === 'remote' ? [words.health] : []),
    ...(words.restriction === undefined ? [] : [`agents may use ${words.restriction}`]),
    `${agents}, ${plural(runningProcesses, 'running process', 'running processes')}`,
  ];
  const isWarning = environment.health === 'unreachable';
  return { ...entry(iconOf(environment), parts.join(', '), spoken), isWarning };
}

function iconOf({ mode, health }: EnvironmentView): string {
  if (mode === 'disabled') return 'circle-slash';
  if (mode === 'local') return 'server-process';
  switch (health) {
    case 'ready':
      return 'remote';
    case 'connecting':
    case 'recovering':
      return 'sync~spin';
    case 'unreachable':
      return 'warning';
  }
}

function present(text: string | undefined): readonly string[] {
  return text === undefined ? [] : [text];
}

/** What is spoken at once is shown as a sentence a line. */
function entry(icon: string, text: string, spoken: readonly string[]): StatusText {
  const lines = spoken.map((line) => `${line.charAt(0).toUpperCase()}${line.slice(1)}.`);
  return {
    text: `$(${icon}) Exec: ${text}`,
    tooltip: [...lines, 'Click for actions.'].join('\n'),
    accessibleLabel: spoken.join(', '),
    isWarning: false,
  };
}
