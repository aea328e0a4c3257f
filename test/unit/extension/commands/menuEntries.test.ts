import { describe, expect, it } from 'vitest';
import { menuEntries, placeEntries } from '../../../../src/extension/commands/menuEntries';
import type { MenuInput } from '../../../../src/extension/commands/menuEntries';
import type { KnownRemote } from '../../../../src/extension/environment/remoteList';
import { aRemote, anEnvironment } from '../fakeControlClient';

const BOX: KnownRemote = {
  name: 'box',
  endpoint: { url: 'wss://box.example/?token=SECRET' },
  source: 'settings',
};
const CLOUD: KnownRemote = {
  name: 'cloud',
  endpoint: { program: 'ssh', args: ['cloud'] },
  source: 'environmentsToml',
};

function input(changes: Partial<MenuInput> = {}): MenuInput {
  return {
    state: 'running',
    environment: anEnvironment(),
    current: { mode: 'local' },
    remotes: [BOX, CLOUD],
    bySettings: undefined,
    capabilities: { exec: true, filesystem: true },
    ...changes,
  };
}

const labels = (changes: Partial<MenuInput> = {}): readonly string[] =>
  menuEntries(input(changes)).map(({ label }) => label);

describe('the menu', () => {
  it('offers what is possible in each state', () => {
    const states = ['stopped', 'starting', 'running', 'failed'] as const;
    const look = ['Show Sessions', 'Show Log', 'Open Settings'];
    const places = ['Where agents work', 'Local', 'Disabled', 'Add Remote…'];
    const may = ['What agents may do', 'Choose What Agents May Do…', 'Server'];
    expect(states.map((state) => labels({ state, remotes: [], environment: undefined }))).toEqual([
      ['Start', ...places, ...may, ...look],
      ['Stop', ...look],
      [
        'Copy Connect Command',
        ...places,
        ...may,
        'Rotate Token and Disconnect All',
        'Stop',
        'Restart',
        ...look,
      ],
      ['Restart', 'Stop', ...places, ...may, ...look],
    ]);
  });

  it('shows every place with where it is, the current one marked, and no token', () => {
    const entries = placeEntries(
      input({ current: { mode: 'remote', name: 'box' }, environment: aRemote() }),
    );
    expect(entries.map(({ label, icon, description }) => [label, icon, description])).toEqual([
      ['Local', 'server-process', 'this machine'],
      ['box', 'check', 'current, wss://box.example/'],
      ['cloud', 'remote', 'ssh cloud, from environments.toml'],
      ['Disabled', 'circle-slash', 'refuses every call'],
      ['Add Remote…', 'add', undefined],
      ['Reconnect to box', 'sync', undefined],
      ['Copy Address of box', 'copy', undefined],
    ]);
    expect(JSON.stringify(entries)).not.toContain('SECRET');
  });

  it('tells beside the current remote how it stands', () => {
    const environment = aRemote({ health: 'unreachable' });
    const [, box] = placeEntries(input({ current: { mode: 'remote', name: 'box' }, environment }));
    expect(box?.description).toBe('current, unreachable, wss://box.example/');
    const [first] = menuEntries(input({ environment }));
    expect(first).toMatchObject({ label: 'Reconnect to box', command: 'execServer.reconnect' });
  });

  it('lets the user edit and forget what stands in the settings, and nothing else', () => {
    const buttons = placeEntries(input()).map(({ label, buttons: own = [] }) => [
      label,
      ...own.map(({ tooltip, argument }) => `${tooltip} ${String(argument)}`),
    ]);
    expect(buttons.filter(([, ...own]) => own.length > 0)).toEqual([
      ['box', 'Edit Remote box', 'Forget Remote box'],
    ]);
  });

  it('goes back to the settings where the workspace has a choice of its own', () => {
    const bySettings = { choice: { mode: 'remote', name: 'box' }, decidedBy: 'settings' } as const;
    expect(
      placeEntries(input({ bySettings })).find(({ label }) => label === 'Use Mode from Settings'),
    ).toEqual({
      label: 'Use Mode from Settings',
      icon: 'discard',
      command: 'execServer.useSettings',
      description: 'box, instead of what you chose in this workspace',
    });
    expect(labels()).not.toContain('Use Mode from Settings');
  });

  it.each([
    [true, true, 'run commands, work with files'],
    [false, true, 'work with files'],
    [false, false, 'nothing'],
  ])('tells what agents may do: %s %s', (exec, filesystem, description) => {
    const entries = menuEntries(input({ capabilities: { exec, filesystem } }));
    expect(entries).toContainEqual(
      expect.objectContaining({ command: 'execServer.chooseCapabilities', description }),
    );
  });
});
