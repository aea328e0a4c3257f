import type { EnvironmentView } from '../../control/messages';
import { displayText } from './displayText';

/** Room for a name in the status bar; names in settings have at most 64 characters. */
const MAX_NAME_CHARS = 40;

/** A place where agents work, in words. Names and addresses come from files, so they are made harmless here. */
export interface EnvironmentText {
  /** `local`, `disabled`, or the name of the remote. */
  readonly name: string;
  /** For a remote that is not ready: one word beside its name. */
  readonly healthWord: string | undefined;
  /** For a sentence: `on this machine`, `on box (wss://box.example/)`, `nowhere`. */
  readonly where: string;
  /** How it stands, with the reason when it is not ready. */
  readonly health: string;
  /** What agents may do there, when that is less than everything. */
  readonly restriction: string | undefined;
  /** The directory it is in, as the remote names it. */
  readonly cwd: string | undefined;
}

export function environmentText(view: EnvironmentView): EnvironmentText {
  const { mode, remote, reason, cwd } = view;
  const name = mode === 'remote' ? remoteName(view) : mode;
  const address = displayText(remote?.address ?? '', 200);
  const words = HEALTH_WORDS[view.health];
  const why = reason === undefined ? '' : `: ${displayText(reason, 300)}`;
  return {
    name,
    healthWord: words.short,
    where: {
      local: 'on this machine',
      remote: address === '' ? `on ${name}` : `on ${name} (${address})`,
      disabled: 'nowhere: every call is refused',
    }[mode],
    health: `${words.long}${why}`,
    restriction: mode === 'disabled' ? undefined : restrictionOf(view),
    cwd: cwd === undefined ? undefined : displayText(cwd, 300),
  };
}

/** The user's name for a remote as it may be shown. */
export function remoteName({ remote }: EnvironmentView): string {
  return displayText(remote?.name ?? '', MAX_NAME_CHARS) || 'remote';
}

const HEALTH_WORDS = {
  ready: { short: undefined, long: 'connected' },
  connecting: { short: 'connecting', long: 'connecting' },
  recovering: { short: 'reconnecting', long: 'connection lost, reconnecting' },
  unreachable: { short: 'unreachable', long: 'cannot be reached' },
} as const satisfies Record<
  EnvironmentView['health'],
  { readonly short: string | undefined; readonly long: string }
>;

function restrictionOf({
  capabilities: { exec, filesystem },
}: EnvironmentView): string | undefined {
  if (exec && filesystem) return undefined;
  if (exec) return 'commands only';
  return filesystem ? 'files only' : 'neither commands nor files';
}

/** Beside the title of the view. */
export function viewDescription(view: EnvironmentView): string {
  const { name, healthWord, restriction } = environmentText(view);
  return [name, healthWord, restriction].filter((part) => part !== undefined).join(' · ');
}

/** Above the tree: where a remote is and how it stands, and what agents may not do. */
export function viewMessage(view: EnvironmentView | undefined): string {
  if (view?.mode === 'disabled') return 'Disabled: every call of an agent is refused.';
  if (view === undefined) return '';
  const { name, cwd, restriction } = environmentText(view);
  if (view.mode === 'local') {
    return restriction === undefined ? '' : `Agents may use ${restriction}.`;
  }
  const address = displayText(view.remote?.address ?? '', 200);
  switch (view.health) {
    case 'ready':
      return [`On ${name}`, address, cwd, restriction].filter(Boolean).join(' · ');
    case 'connecting':
      return `Connecting to ${name} (${address}). Calls of agents wait.`;
    case 'recovering':
      return `Reconnecting to ${name} (${address}). Calls of agents wait, and what runs there goes on.`;
    case 'unreachable':
      return `${name} (${address}) cannot be reached. Calls of agents fail until it is back.`;
  }
}
