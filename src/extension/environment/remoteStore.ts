import { ConfigurationTarget } from 'vscode';
import type { WorkspaceConfiguration } from 'vscode';
import type { RemoteTarget } from '../../environment/environmentChoice';
import type { Settings } from '../settingsSchema';
import { REMOTE_URL_NAME } from './remoteForm';
import { savingSteps } from './remoteList';
import type { RemoteTokens } from './remoteTokens';

/** Where remotes are kept: in the settings, their tokens apart from them. */
export interface RemoteStoreParts {
  readonly tokens: RemoteTokens;
  readonly configuration: WorkspaceConfiguration;
  readonly settings: Settings;
}

/** Saves a remote, in place of the one it was called before. Its token first: the settings make it count. */
export async function saveRemote(
  { tokens, configuration, settings }: RemoteStoreParts,
  draft: RemoteTarget,
  replaced: string | undefined,
): Promise<void> {
  const { name, endpoint } = draft;
  if ('url' in endpoint) await tokens.save(name, endpoint.url, endpoint.token);
  else await tokens.forget(name);
  for (const { key, value } of savingSteps(settings, draft, replaced)) {
    await configuration.update(key, value, ConfigurationTarget.Global);
  }
  if (replaced !== undefined && replaced !== name) await tokens.forget(replaced);
}

/** Removes a remote and its token. */
export async function removeRemote(
  { tokens, configuration, settings }: RemoteStoreParts,
  name: string,
): Promise<void> {
  if (name === REMOTE_URL_NAME) {
    await configuration.update('remote.url', undefined, ConfigurationTarget.Global);
  } else {
    const remotes = settings.remotes.filter((remote) => remote.name !== name);
    const value = remotes.length === 0 ? undefined : remotes;
    await configuration.update('remotes', value, ConfigurationTarget.Global);
  }
  await tokens.forget(name);
}
