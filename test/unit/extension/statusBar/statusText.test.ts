import { describe, expect, it } from 'vitest';
import { statusText } from '../../../../src/extension/statusBar/statusText';
import { FakeControlClient, aSnapshot } from '../fakeControlClient';

const counts = { mode: undefined, sessions: 0, runningProcesses: 0 };
const running = {
  kind: 'running' as const,
  client: new FakeControlClient(aSnapshot()),
};

describe('the status bar entry', () => {
  it.each([
    [{ kind: 'stopped' as const }, '$(server-process) Exec: off'],
    [{ kind: 'starting' as const }, '$(loading~spin) Exec: starting'],
    [{ kind: 'restarting' as const }, '$(loading~spin) Exec: restarting'],
  ])('tells the state: %#', (state, text) => {
    expect(statusText({ ...counts, state })).toMatchObject({ text, isWarning: false });
  });

  it('tells mode and counts, in words for a screen reader', () => {
    const input = { state: running, mode: 'local' as const, sessions: 1, runningProcesses: 2 };
    expect(statusText(input)).toEqual({
      text: '$(server-process) Exec: local, 1 client, 2 running',
      tooltip: 'Exec Server is on, local, 1 client, 2 running processes. Click for actions.',
      accessibleLabel: 'Exec Server is on, local, 1 client, 2 running processes',
      isWarning: false,
    });
  });

  it('leaves out counts of nothing', () => {
    const texts = (['local', 'disabled'] as const).map(
      (mode) => statusText({ ...counts, state: running, mode }).text,
    );
    expect(texts).toEqual(['$(server-process) Exec: local', '$(circle-slash) Exec: disabled']);
  });

  it('warns only of a failure, with a harmless reason', () => {
    const { isWarning, tooltip, text } = statusText({
      ...counts,
      state: { kind: 'failed', reason: 'no\n$(trash)' },
    });
    expect([isWarning, text, tooltip]).toEqual([
      true,
      '$(warning) Exec: failed',
      'Exec Server failed: no ⏎ $ (trash). Click for actions.',
    ]);
  });
});
