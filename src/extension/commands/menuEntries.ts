import type { EnvironmentView } from '../../control/messages';
import { describeRemote } from '../environment/remoteList';
import type { KnownRemote } from '../environment/remoteList';
import type { ResolvedEnvironment } from '../environment/resolveEnvironment';
import type { ExecutorState } from '../executor/executorSupervisor';
import { displayText } from '../model/displayText';
import { environmentText } from '../model/environmentText';
import { isSameChoice } from '../rememberedChoice';
import type { WorkspaceChoice } from '../rememberedChoice';
import { commandIds } from './commandIds';

/** A command with its argument. */
export interface MenuAction {
  readonly command: string;
  readonly argument?: unknown;
}

export interface MenuButton extends MenuAction {
  readonly icon: string;
  readonly tooltip: string;
}

/** One row of a quick pick; without a command it is a heading. */
export interface MenuEntry extends Partial<MenuAction> {
  readonly label: string;
  /** Apart from the label, because a screen reader would say the name of an icon inside it. */
  readonly icon?: string;
  readonly description?: string;
  readonly detail?: string;
  readonly buttons?: readonly MenuButton[];
}

/** What the menu is made from. */
export interface MenuInput {
  readonly state: ExecutorState['kind'];
  /** As the executor has it, while one runs. */
  readonly environment: EnvironmentView | undefined;
  readonly current: WorkspaceChoice;
  readonly remotes: readonly KnownRemote[];
  /** Present where the user chose something in this workspace: what would count without that. */
  readonly bySettings: ResolvedEnvironment | undefined;
  readonly capabilities: { readonly exec: boolean; readonly filesystem: boolean };
}

const entry = (label: string, icon: string, command: string): MenuEntry => ({
  label,
  icon,
  command,
});

const START = entry('Start', 'play', commandIds.start);
const STOP = entry('Stop', 'debug-stop', commandIds.stop);
const RESTART = entry('Restart', 'debug-restart', commandIds.restart);
const COPY_CONNECT = entry('Copy Connect Command', 'plug', commandIds.copyConnectCommand);
const ROTATE = entry('Rotate Token and Disconnect All', 'key', commandIds.rotateToken);
const LOOK: readonly MenuEntry[] = [
  entry('Show Sessions', 'list-tree', 'execServer.sessions.focus'),
  entry('Show Log', 'output', commandIds.showLog),
  entry('Open Settings', 'gear', commandIds.openSettings),
];

/** Everything that concerns the server, for the status bar entry. */
export function menuEntries(input: MenuInput): readonly MenuEntry[] {
  const places = [
    { label: 'Where agents work' },
    ...placeEntries(input),
    { label: 'What agents may do' },
    capabilityEntry(input.capabilities),
  ];
  switch (input.state) {
    case 'stopped':
      return [START, ...places, { label: 'Server' }, ...LOOK];
    case 'starting':
    case 'restarting':
      return [STOP, ...LOOK];
    case 'failed':
      return [RESTART, STOP, ...places, { label: 'Server' }, ...LOOK];
    case 'running':
      return [
        ...urgentEntries(input),
        COPY_CONNECT,
        ...places,
        { label: 'Server' },
        ROTATE,
        STOP,
        RESTART,
        ...LOOK,
      ];
  }
}

/** What a remote needs that is not there, where the eye is first. */
function urgentEntries({ environment }: MenuInput): readonly MenuEntry[] {
  if (environment?.mode !== 'remote' || environment.health === 'ready') return [];
  return [reconnectEntry(environment)];
}

function reconnectEntry(environment: EnvironmentView): MenuEntry {
  const { name } = environmentText(environment);
  return entry(`Reconnect to ${name}`, 'sync', commandIds.reconnect);
}

/** The places to switch to, the current one marked, and what concerns them. */
export function placeEntries(input: MenuInput): readonly MenuEntry[] {
  const { remotes, bySettings } = input;
  return [
    placeEntry(input, 'Local', 'server-process', { mode: 'local' }, 'this machine'),
    ...remotes.map((remote) => remoteEntry(input, remote)),
    placeEntry(input, 'Disabled', 'circle-slash', { mode: 'disabled' }, 'refuses every call'),
    ...(bySettings === undefined ? [] : [useSettingsEntry(bySettings)]),
    entry('Add Remote…', 'add', commandIds.addRemote),
    ...currentRemoteEntries(input),
  ];
}

function placeEntry(
  { current, environment }: MenuInput,
  label: string,
  icon: string,
  choice: WorkspaceChoice,
  description: string,
): MenuEntry {
  const isCurrent = isSameChoice(choice, current);
  const health =
    isCurrent && environment !== undefined ? environmentText(environment).healthWord : undefined;
  const marks = isCurrent ? [health === undefined ? 'current' : `current, ${health}`] : [];
  return {
    label,
    icon: isCurrent ? 'check' : icon,
    // A screen reader says it after the label, so it is separated as words are.
    description: [...marks, description].join(', '),
    command: commandIds.switchMode,
    argument: choice,
  };
}

function remoteEntry(input: MenuInput, remote: KnownRemote): MenuEntry {
  const { name } = remote;
  const label = displayText(name, 64);
  const description = displayText(describeRemote(remote), 120);
  const place = placeEntry(input, label, 'remote', { mode: 'remote', name }, description);
  if (remote.source !== 'settings') return place;
  return {
    ...place,
    buttons: [
      button('edit', 'Edit Remote', commandIds.editRemote, name),
      button('trash', 'Forget Remote', commandIds.forgetRemote, name),
    ],
  };
}

function button(icon: string, tooltip: string, command: string, argument: unknown): MenuButton {
  return { icon, tooltip, command, argument };
}

function useSettingsEntry({ choice }: ResolvedEnvironment): MenuEntry {
  const place = choice.mode === 'remote' ? displayText(choice.name, 64) : choice.mode;
  return {
    ...entry('Use Mode from Settings', 'discard', commandIds.useSettings),
    description: `${place}, instead of what you chose in this workspace`,
  };
}

function currentRemoteEntries({ environment }: MenuInput): readonly MenuEntry[] {
  if (environment?.mode !== 'remote') return [];
  const { name } = environmentText(environment);
  return [
    ...(environment.health === 'ready' ? [reconnectEntry(environment)] : []),
    entry(`Copy Address of ${name}`, 'copy', commandIds.copyRemoteAddress),
  ];
}

function capabilityEntry({ exec, filesystem }: MenuInput['capabilities']): MenuEntry {
  const allowed = [...(exec ? ['run commands'] : []), ...(filesystem ? ['work with files'] : [])];
  return {
    ...entry('Choose What Agents May Do…', 'checklist', commandIds.chooseCapabilities),
    description: allowed.join(', ') || 'nothing',
  };
}
