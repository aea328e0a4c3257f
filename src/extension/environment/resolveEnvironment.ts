import type { EnvironmentChoice } from '../../environment/environmentChoice';
import type { WorkspaceChoice } from '../rememberedChoice';
import type { Settings } from '../settingsSchema';
import type { KnownRemote } from './remoteList';
import { remotesOfSettings } from './remoteList';

/** What decides where agents' calls go, highest first. */
export interface EnvironmentSources {
  /** Chosen in this workspace, from the status bar. */
  readonly workspace: WorkspaceChoice | undefined;
  readonly settings: Settings;
  /** What `CODEX_EXEC_SERVER_URL` of this window says. */
  readonly variable: EnvironmentChoice['mode'];
  readonly remotes: readonly KnownRemote[];
}

/** Where agents' calls go, remotes by name. */
export interface ResolvedEnvironment {
  readonly choice: WorkspaceChoice;
  readonly decidedBy: 'workspace' | 'settings' | 'variable';
  /** Why it is not what was asked for. Then it is `disabled`: another place would be a wrong one. */
  readonly problem?: string;
}

export function resolveEnvironment(sources: EnvironmentSources): ResolvedEnvironment {
  const { workspace, settings } = sources;
  if (workspace !== undefined) return known(sources, workspace, 'workspace');
  if (settings.environment === 'auto') {
    return { choice: choiceOfVariable(sources), decidedBy: 'variable' };
  }
  if (settings.environment !== 'remote') {
    return { choice: { mode: settings.environment }, decidedBy: 'settings' };
  }
  const name = nameOfSettings(settings);
  if (name !== undefined) return known(sources, { mode: 'remote', name }, 'settings');
  const problem =
    'The setting execServer.environment asks for a remote, and execServer.remote.name does not say which.';
  return { choice: { mode: 'disabled' }, decidedBy: 'settings', problem };
}

function choiceOfVariable({ variable, remotes }: EnvironmentSources): WorkspaceChoice {
  if (variable !== 'remote') return { mode: variable };
  const remote = remotes.find(({ source }) => source === 'variable');
  return remote === undefined ? { mode: 'disabled' } : { mode: 'remote', name: remote.name };
}

/** What the settings mean when they ask for a remote: the named one, else the only one there can be. */
function nameOfSettings(settings: Settings): string | undefined {
  if (settings['remote.name'] !== '') return settings['remote.name'];
  const [first, ...others] = remotesOfSettings(settings);
  return settings['remote.url'] !== '' || others.length === 0 ? first?.name : undefined;
}

function known(
  { remotes }: EnvironmentSources,
  choice: WorkspaceChoice,
  decidedBy: ResolvedEnvironment['decidedBy'],
): ResolvedEnvironment {
  if (choice.mode !== 'remote' || remotes.some(({ name }) => name === choice.name)) {
    return { choice, decidedBy };
  }
  const problem = `There is no remote named "${choice.name}" any more.`;
  return { choice: { mode: 'disabled' }, decidedBy, problem };
}
