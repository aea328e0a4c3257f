import { describe, expect, it } from 'vitest';
import type {
  EnvironmentChoice,
  RemoteTarget,
} from '../../../../src/environment/environmentChoice';
import { EnvironmentDirectory } from '../../../../src/extension/environment/environmentDirectory';
import { RemoteTokens } from '../../../../src/extension/environment/remoteTokens';
import { RememberedChoice } from '../../../../src/extension/rememberedChoice';
import type { WorkspaceChoice } from '../../../../src/extension/rememberedChoice';
import { parseSettings } from '../../../../src/extension/settingsSchema';
import { FakeMemento, FakeSecrets } from '../fakeEditorStorage';

interface Given {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly workspace?: WorkspaceChoice;
  readonly variable?: EnvironmentChoice;
  readonly toml?: readonly RemoteTarget[];
}

const BOX = { name: 'box', url: 'wss://box.example/' };
const VARIABLE = {
  mode: 'remote',
  remote: { name: 'variable.example', endpoint: { url: 'ws://variable.example/' } },
} as const;

async function directory(given: Given = {}) {
  const tokens = new RemoteTokens(new FakeSecrets(), 'here');
  const choice = new RememberedChoice(new FakeMemento());
  await choice.rememberEnvironment(given.workspace);
  const { settings, problems } = parseSettings((key) => given.settings?.[key]);
  expect(problems).toEqual([]);
  const found = new EnvironmentDirectory({
    choice,
    tokens,
    settings: () => settings,
    variable: given.variable ?? { mode: 'local' },
    readEnvironmentsToml: () => Promise.resolve(given.toml ?? []),
  });
  await found.refresh();
  return { directory: found, tokens };
}

describe('where agents work', () => {
  it.each<[string, Given, string, string]>([
    ['is this machine by default', {}, 'local', 'variable'],
    ['is what the variable says', { variable: VARIABLE }, 'variable.example', 'variable'],
    ['is nowhere by the variable', { variable: { mode: 'disabled' } }, 'disabled', 'variable'],
    [
      'is what the settings say, whatever the variable does',
      { settings: { environment: 'local' }, variable: VARIABLE },
      'local',
      'settings',
    ],
    [
      'is what was chosen in the workspace, whatever the settings say',
      { workspace: { mode: 'local' }, settings: { environment: 'disabled' }, variable: VARIABLE },
      'local',
      'workspace',
    ],
    [
      'is the remote that was chosen',
      { workspace: { mode: 'remote', name: 'box' }, settings: { remotes: [BOX] } },
      'box',
      'workspace',
    ],
    [
      'is the remote the settings name',
      {
        settings: {
          environment: 'remote',
          'remote.name': 'b',
          remotes: [
            { name: 'a', program: 'x' },
            { name: 'b', program: 'y' },
          ],
        },
      },
      'b',
      'settings',
    ],
    [
      'is the only remote there is',
      { settings: { environment: 'remote', remotes: [BOX] } },
      'box',
      'settings',
    ],
    [
      'is the remote with an address of its own, beside others',
      { settings: { environment: 'remote', 'remote.url': 'ws://h/', remotes: [BOX] } },
      'remote',
      'settings',
    ],
  ])('%s', async (_what, given, place, decidedBy) => {
    const { resolved } = (await directory(given)).directory;
    expect([
      resolved.choice.mode === 'remote' ? resolved.choice.name : resolved.choice.mode,
      resolved.decidedBy,
      resolved.problem,
    ]).toEqual([place, decidedBy, undefined]);
  });

  it.each<[string, Given]>([
    ['a remote that is no more', { workspace: { mode: 'remote', name: 'gone' } }],
    ['a remote nobody named', { settings: { environment: 'remote' } }],
    [
      'one of several',
      {
        settings: {
          environment: 'remote',
          remotes: [
            { name: 'a', program: 'x' },
            { name: 'b', program: 'y' },
          ],
        },
      },
    ],
  ])('is nowhere, never this machine, when asked for %s', async (_what, given) => {
    const { resolved } = (await directory(given)).directory;
    expect([resolved.choice, typeof resolved.problem]).toEqual([{ mode: 'disabled' }, 'string']);
  });
});

describe('the remotes', () => {
  const toml = (name: string): RemoteTarget => ({ name, endpoint: { url: `wss://${name}.toml/` } });

  it('come from settings, environments.toml and the variable, each name once', async () => {
    const given = {
      settings: { 'remote.url': 'ws://h/', remotes: [BOX] },
      toml: [toml('box'), toml('cloud'), toml('variable.example')],
      variable: VARIABLE,
    };
    const { remotes, resolved } = (await directory(given)).directory;
    expect(remotes.map(({ name, source }) => [name, source])).toEqual([
      ['remote', 'settings'],
      ['box', 'settings'],
      ['cloud', 'environmentsToml'],
      ['variable.example', 'environmentsToml'],
      ['CODEX_EXEC_SERVER_URL', 'variable'],
    ]);
    // Another remote of the same name must not get the calls.
    expect(resolved.choice).toEqual({ mode: 'remote', name: 'CODEX_EXEC_SERVER_URL' });
  });

  it('get their token on the way to the executor, and only for the address it belongs to', async () => {
    const given = { settings: { remotes: [BOX] }, toml: [toml('cloud')] };
    const { directory: found, tokens } = await directory(given);
    await tokens.save('box', BOX.url, 'secret');
    await tokens.save('cloud', 'wss://elsewhere/', 'other');
    expect([
      await found.toExecutor({ mode: 'remote', name: 'box' }),
      await found.toExecutor({ mode: 'remote', name: 'cloud' }),
      await found.toExecutor({ mode: 'disabled' }),
    ]).toEqual([
      {
        mode: 'remote',
        remote: { name: 'box', endpoint: { url: BOX.url, token: 'secret' } },
      },
      { mode: 'remote', remote: { name: 'cloud', endpoint: { url: 'wss://cloud.toml/' } } },
      { mode: 'disabled' },
    ]);
    expect(JSON.stringify([found.remotes, found.fingerprint])).not.toContain('secret');
  });

  it('are refused when their token would cross the network in the clear', async () => {
    const remotes = [{ name: 'box', url: 'ws://box.example/' }];
    const { directory: found, tokens } = await directory({ settings: { remotes } });
    await tokens.save('box', 'ws://box.example/', 'secret');
    await expect(found.toExecutor({ mode: 'remote', name: 'box' })).rejects.toMatchObject({
      code: 'invalidArguments',
      message: expect.stringMatching(/wss:.*tunnel/),
    });
  });
});
