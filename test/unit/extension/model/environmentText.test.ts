import { describe, expect, it } from 'vitest';
import { viewDescription, viewMessage } from '../../../../src/extension/model/environmentText';
import { aRemote, anEnvironment } from '../fakeControlClient';

describe('the view', () => {
  it('tells the place beside its title', () => {
    const commandsOnly = { exec: true, filesystem: false };
    expect(
      [
        anEnvironment(),
        anEnvironment({ mode: 'disabled', capabilities: { exec: false, filesystem: false } }),
        aRemote({ health: 'recovering', capabilities: commandsOnly }),
        anEnvironment({ capabilities: { exec: false, filesystem: false } }),
      ].map(viewDescription),
    ).toEqual([
      'local',
      'disabled',
      'box · reconnecting · commands only',
      'local · neither commands nor files',
    ]);
  });

  it('tells above the tree where a remote is, how it stands and what agents may not do', () => {
    const filesOnly = { exec: false, filesystem: true };
    expect([
      viewMessage(anEnvironment()),
      viewMessage(anEnvironment({ capabilities: filesOnly })),
      viewMessage(aRemote({ cwd: '/srv', capabilities: filesOnly })),
      viewMessage(aRemote({ cwd: 'C:\\srv\\app' })),
      viewMessage(aRemote({ cwd: undefined })),
      viewMessage(aRemote({ health: 'unreachable', reason: 'refused' })),
      viewMessage(anEnvironment({ mode: 'disabled' })),
    ]).toEqual([
      '',
      'Agents may use files only.',
      'On box · wss://box.example/ · /srv · files only',
      'On box · wss://box.example/ · C:\\srv\\app',
      'On box · wss://box.example/',
      'box (wss://box.example/) cannot be reached. Calls of agents fail until it is back.',
      'Disabled: every call of an agent is refused.',
    ]);
  });
});
