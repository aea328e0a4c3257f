import type { ExecutorState } from '../executor/executorSupervisor';
import { displayText } from '../model/displayText';
import { plural } from '../model/duration';
import type { EnvironmentMode } from '../../control/messages';

/** What the status bar tells. */
export interface StatusInput {
  readonly state: ExecutorState;
  readonly mode: EnvironmentMode | undefined;
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
      return entry('server-process', 'off', 'Exec Server is off');
    case 'starting':
      return entry('loading~spin', 'starting', 'Exec Server is starting');
    case 'restarting':
      return entry(
        'loading~spin',
        'restarting',
        'Exec Server ended unexpectedly and is restarting',
      );
    case 'failed': {
      const reason = displayText(input.state.reason, 300);
      return { ...entry('warning', 'failed', `Exec Server failed: ${reason}`), isWarning: true };
    }
    case 'running':
      return runningText(input);
  }
}

function runningText({ mode, sessions, runningProcesses }: StatusInput): StatusText {
  const clients = plural(sessions, 'client');
  const processes = plural(runningProcesses, 'running process', 'running processes');
  const counts = [
    ...(sessions === 0 ? [] : [clients]),
    ...(runningProcesses === 0 ? [] : [`${runningProcesses} running`]),
  ];
  const text = [mode === 'disabled' ? 'disabled' : 'local', ...counts].join(', ');
  return mode === 'disabled'
    ? entry('circle-slash', text, `Exec Server is disabled, ${clients}, ${processes}`)
    : entry('server-process', text, `Exec Server is on, local, ${clients}, ${processes}`);
}

function entry(icon: string, text: string, spoken: string): StatusText {
  return {
    text: `$(${icon}) Exec: ${text}`,
    tooltip: `${spoken}. Click for actions.`,
    accessibleLabel: spoken,
    isWarning: false,
  };
}
