import { expect, it } from 'vitest';
import { environmentKeys } from '../../../src/extension/contextKeys';
import type { PlaceSources } from '../../../src/extension/contextKeys';
import { aRemote, anEnvironment } from './fakeControlClient';

const OFF: PlaceSources = {
  environment: undefined,
  resolved: { choice: { mode: 'local' }, decidedBy: 'settings' },
  settings: { 'capabilities.exec': true, 'capabilities.filesystem': false },
};

it.each<[string, PlaceSources, readonly unknown[]]>([
  ['the settings while the server is off', OFF, ['local', 'none', true, false]],
  [
    'nothing where it would be disabled',
    { ...OFF, resolved: { choice: { mode: 'disabled' }, decidedBy: 'workspace' } },
    ['disabled', 'none', false, false],
  ],
  [
    'the executor while there is one',
    { ...OFF, environment: anEnvironment() },
    ['local', 'ready', true, true],
  ],
  [
    'a remote with what may be done there',
    {
      ...OFF,
      environment: aRemote({
        health: 'recovering',
        capabilities: { exec: false, filesystem: true },
      }),
    },
    ['remote', 'recovering', false, true],
  ],
])('menus follow %s', (_what, sources, values) => {
  expect(Object.values(environmentKeys(sources))).toEqual(values);
});
