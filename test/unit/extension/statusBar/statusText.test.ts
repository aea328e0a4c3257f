import { describe, expect, it } from 'vitest';
import { statusText } from '../../../../src/extension/statusBar/statusText';
import { FakeControlClient, aRemote, aSnapshot, anEnvironment } from '../fakeControlClient';

const counts = { environment: undefined, sessions: 0, runningProcesses: 0 };
const running = {
  kind: 'running' as const,
  client: new FakeControlClient(aSnapshot()),
};
const on = { ...counts, state: running };

describe('the status bar entry', () => {
  it.each([
    [{ kind: 'stopped' as const }, '$(server-process) Exec: off'],
    [{ kind: 'starting' as const }, '$(loading~spin) Exec: starting'],
    [{ kind: 'restarting' as const }, '$(loading~spin) Exec: restarting'],
  ])('tells the state: %#', (state, text) => {
    expect(statusText({ ...counts, state })).toMatchObject({ text, isWarning: false });
  });

  it('tells place and counts, in words for a screen reader', () => {
    const input = {
      state: running,
      environment: anEnvironment(),
      sessions: 1,
      runningProcesses: 2,
    };
    expect(statusText(input)).toEqual({
      text: '$(server-process) Exec: local, 1 agent, 2 running',
      tooltip:
        'Exec Server is on, agents work on this machine.\n1 agent, 2 running processes.\nClick for actions.',
      accessibleLabel:
        'Exec Server is on, agents work on this machine, 1 agent, 2 running processes',
      isWarning: false,
    });
  });

  it.each([
    ['local', anEnvironment(), '$(server-process) Exec: local'],
    ['disabled', anEnvironment({ mode: 'disabled' }), '$(circle-slash) Exec: disabled'],
    ['a remote', aRemote(), '$(remote) Exec: box'],
    ['one being reached', aRemote({ health: 'connecting' }), '$(sync~spin) Exec: box, connecting'],
    ['one being lost', aRemote({ health: 'recovering' }), '$(sync~spin) Exec: box, reconnecting'],
    ['one that is gone', aRemote({ health: 'unreachable' }), '$(warning) Exec: box, unreachable'],
    [
      'files only',
      anEnvironment({ capabilities: { exec: false, filesystem: true } }),
      '$(server-process) Exec: local, files only',
    ],
    [
      'a remote for commands only',
      aRemote({ capabilities: { exec: true, filesystem: false } }),
      '$(remote) Exec: box, commands only',
    ],
  ])('names the place and leaves out counts of nothing: %s', (_what, environment, text) => {
    expect(statusText({ ...on, environment }).text).toBe(text);
  });

  it('tells how a remote is reached and why it is not', () => {
    const environment = aRemote({ health: 'recovering', reason: 'the connection was reset' });
    expect(statusText({ ...on, environment }).tooltip.split('\n')).toEqual([
      'Exec Server is on, agents work on box (wss://box.example/).',
      'Connection lost, reconnecting: the connection was reset.',
      '0 agents, 0 running processes.',
      'Click for actions.',
    ]);
  });

  it('warns of a failure and of a remote that is gone, and of nothing else', () => {
    const { isWarning, tooltip, text } = statusText({
      ...counts,
      state: { kind: 'failed', reason: 'no\n$(trash)' },
    });
    expect([isWarning, text, tooltip]).toEqual([
      true,
      '$(warning) Exec: failed',
      'Exec Server failed: no ⏎ $ (trash).\nClick for actions.',
    ]);
    const warned = (['ready', 'connecting', 'recovering', 'unreachable'] as const).filter(
      (health) => statusText({ ...on, environment: aRemote({ health }) }).isWarning,
    );
    expect(warned).toEqual(['unreachable']);
  });

  it('shows a hostile name and reason as one harmless line', () => {
    const remote = { name: 'a\n$(trash)\u202e', address: 'ws://h/\u0007' };
    const shown = statusText({ ...on, environment: aRemote({ remote, reason: '\u001b[31m' }) });
    expect([shown.text, shown.accessibleLabel].join()).not.toMatch(/\p{Cc}|\p{Cf}|\$\(trash/u);
  });
});
