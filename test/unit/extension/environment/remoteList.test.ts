import { expect, it } from 'vitest';
import {
  listRemotes,
  savingSteps,
  withRemote,
} from '../../../../src/extension/environment/remoteList';
import { resolveEnvironment } from '../../../../src/extension/environment/resolveEnvironment';
import { parseSettings } from '../../../../src/extension/settingsSchema';

const A = { name: 'a', url: 'wss://a/' };
const B = { name: 'b', program: 'ssh', args: ['b'] };

it('adds a remote at the end, replaces one in its place, and never writes its token', () => {
  const entered = { name: 'c', endpoint: { url: 'wss://c/', token: 'SECRET' } };
  expect([
    withRemote([A, B], entered, undefined),
    withRemote([A, B], entered, 'a'),
    withRemote([A, B], { name: 'b', endpoint: { program: 'x', env: { K: 'v' } } }, 'b'),
    withRemote([A], { name: 'a', endpoint: { url: 'wss://other/' } }, undefined),
  ]).toEqual([
    [A, B, { name: 'c', url: 'wss://c/' }],
    [{ name: 'c', url: 'wss://c/' }, B],
    [A, { name: 'b', program: 'x', env: { K: 'v' } }],
    [{ name: 'a', url: 'wss://other/' }],
  ]);
});

it.each([
  ['named in the settings', 'a', { 'remote.name': 'a', remotes: [A, B] }],
  ['the one of the address setting', 'remote', { 'remote.url': 'wss://u/', remotes: [A, B] }],
  [
    'the one of the address setting, by name',
    'remote',
    { 'remote.url': 'wss://u/', 'remote.name': 'remote', remotes: [A, B] },
  ],
  ['the only one', 'a', { remotes: [A] }],
])(
  'has the remote in use at hand after every step of renaming it: %s',
  (_what, replaced, first) => {
    const values: Record<string, unknown> = { environment: 'remote', ...first };
    const resolved = () => {
      const { settings, problems } = parseSettings((key) => values[key]);
      const remotes = listRemotes(settings, { environmentsToml: [], variable: undefined });
      const sources = { workspace: undefined, settings, variable: 'local', remotes } as const;
      return [resolveEnvironment(sources), problems];
    };
    const draft = { name: 'c', endpoint: { program: 'ssh', args: ['c'] } };
    const { settings } = parseSettings((key) => values[key]);
    const names = savingSteps(settings, draft, replaced).map(({ key, value }) => {
      values[key] = value;
      return resolved();
    });
    const use = (name: string) => [{ choice: { mode: 'remote', name }, decidedBy: 'settings' }, []];
    expect([names.at(-1), names.filter((one) => 'problem' in (one[0] ?? {}))]).toEqual([
      use('c'),
      [],
    ]);
    const after = parseSettings((key) => values[key]).settings;
    expect([after['remote.url'], after.remotes.map(({ name }) => name)]).not.toContain(replaced);
  },
);
