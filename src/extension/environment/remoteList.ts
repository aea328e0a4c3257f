import { describeEndpoint } from '../../environment/environmentChoice';
import type { RemoteTarget } from '../../environment/environmentChoice';
import type { RemoteSetting, Settings } from '../settingsSchema';
import { REMOTE_URL_NAME } from './remoteForm';

/** Who named a remote: only what stands in the settings can be edited and forgotten here. */
export type RemoteSource = 'settings' | 'environmentsToml' | 'variable';

/** A remote a user can switch to. Its endpoint has no token of the secret storage. */
export interface KnownRemote extends RemoteTarget {
  readonly source: RemoteSource;
}

/** What was found outside the settings. */
export interface FoundRemotes {
  readonly environmentsToml: readonly RemoteTarget[];
  readonly variable: RemoteTarget | undefined;
}

/** All remotes, each name once: the settings first, because there a user said it to this extension. */
export function listRemotes(settings: Settings, found: FoundRemotes): readonly KnownRemote[] {
  const ofSettings = remotesOfSettings(settings);
  const names = new Set(ofSettings.map(({ name }) => name));
  const ofToml = found.environmentsToml.filter(({ name }) => !names.has(name));
  for (const { name } of ofToml) names.add(name);
  return [
    ...ofSettings.map((remote) => from('settings', remote)),
    ...ofToml.map((remote) => from('environmentsToml', remote)),
    ...(found.variable === undefined ? [] : [from('variable', unlike(names, found.variable))]),
  ];
}

/** The variable names an address and no more, so its remote gives way to one of the same name. */
function unlike(names: ReadonlySet<string>, { name, endpoint }: RemoteTarget): RemoteTarget {
  return { name: names.has(name) ? 'CODEX_EXEC_SERVER_URL' : name, endpoint };
}

/** Those the settings name, in their order. */
export function remotesOfSettings(settings: Settings): readonly RemoteTarget[] {
  const url = settings['remote.url'];
  const named = settings.remotes.map(({ name, ...endpoint }) => ({ name, endpoint }));
  return url === '' ? named : [{ name: REMOTE_URL_NAME, endpoint: { url } }, ...named];
}

/** Beside the name in a list: how it is reached, and who named it when the settings did not. */
export function describeRemote({ endpoint, source }: KnownRemote): string {
  const address = describeEndpoint(endpoint);
  switch (source) {
    case 'settings':
      return address;
    case 'environmentsToml':
      return `${address}, from environments.toml`;
    case 'variable':
      return `${address}, from CODEX_EXEC_SERVER_URL`;
  }
}

function from(source: RemoteSource, { name, endpoint }: RemoteTarget): KnownRemote {
  return { name, endpoint, source };
}

/** The setting with a remote in the place of the one it replaces, else at the end; never with a token. */
export function withRemote(
  remotes: readonly RemoteSetting[],
  { name, endpoint }: RemoteTarget,
  replaced: string | undefined,
): readonly RemoteSetting[] {
  const entry: RemoteSetting =
    'url' in endpoint
      ? { name, url: endpoint.url }
      : {
          name,
          program: endpoint.program,
          ...(endpoint.args === undefined ? {} : { args: [...endpoint.args] }),
          ...(endpoint.env === undefined ? {} : { env: { ...endpoint.env } }),
          ...(endpoint.cwd === undefined ? {} : { cwd: endpoint.cwd }),
        };
  const position = remotes.findIndex((remote) => remote.name === (replaced ?? name));
  return position === -1
    ? [...remotes, entry]
    : remotes.map((remote, index) => (index === position ? entry : remote));
}

/** A value to write into the user's settings; absent: none. */
export interface SettingStep {
  readonly key: 'remotes' | 'remote.name' | 'remote.url';
  readonly value: readonly RemoteSetting[] | string | undefined;
}

/**
 * What to write to save a remote, in place of the one it was called before. Each step takes effect by
 * itself, so after each of them the remote in use is there, under one name or the other.
 */
export function savingSteps(
  settings: Settings,
  draft: RemoteTarget,
  replaced: string | undefined,
): readonly SettingStep[] {
  const { name, endpoint } = draft;
  if (name === REMOTE_URL_NAME && 'url' in endpoint) {
    return [{ key: 'remote.url', value: endpoint.url }];
  }
  const inPlace = { key: 'remotes', value: withRemote(settings.remotes, draft, replaced) } as const;
  const named = settings['remote.name'];
  const isUrlReplaced = replaced === REMOTE_URL_NAME;
  const isNamed = named === replaced || (named === '' && isUrlReplaced);
  if (replaced === undefined || replaced === name || (!isNamed && !isUrlReplaced)) return [inPlace];
  const beside = { key: 'remotes', value: withRemote(settings.remotes, draft, undefined) } as const;
  return [
    beside,
    ...(isNamed ? [{ key: 'remote.name', value: name } as const] : []),
    isUrlReplaced ? { key: 'remote.url', value: undefined } : inPlace,
  ];
}
