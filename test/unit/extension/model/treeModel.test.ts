import { describe, expect, it } from 'vitest';
import { ExecutorModel } from '../../../../src/extension/model/executorModel';
import { buildTree } from '../../../../src/extension/model/treeModel';
import { FakeControlClient, aProcess, aSession, aSnapshot } from '../fakeControlClient';

const MINUTE = 60_000;
const NOW = 100 * MINUTE;
const WORK = { name: 'work', path: '/work', realPath: '/work' };

function treeOf(snapshot: Parameters<typeof aSnapshot>[0]) {
  const model = new ExecutorModel();
  model.attach(new FakeControlClient(aSnapshot(snapshot)));
  return buildTree(model.sessions, model.processes, { nowMs: NOW, folders: [WORK] });
}

describe('the tree', () => {
  it('shows a session with a running process in words', () => {
    const [session] = treeOf({
      sessions: [aSession({ createdAtMs: NOW - 5 * MINUTE })],
      processes: [aProcess({ startedAtMs: NOW - 2 * MINUTE })],
    });
    expect(session).toMatchObject({
      label: 'codex',
      description: 'connected · 1 running · 5m',
      contextValue: 'session.attached',
      isExpanded: true,
      accessibleLabel: 'Session codex, connected, 1 running process, began 5 minutes ago',
    });
    expect(session?.children[0]).toMatchObject({
      label: 'npm test',
      description: 'running 2m · pid 100',
      contextValue: 'process.running.tty.agent',
      accessibleLabel: 'npm test, running for 2 minutes, pid 100',
    });
  });

  it('names what runs on a remote with the path it has there, never by folders of this machine', () => {
    const { pid, ...remote } = aProcess({ remote: 'box', cwd: '/work/src' });
    expect(pid).toBe(100);
    const [session] = treeOf({ sessions: [aSession()], processes: [remote] });
    expect(session?.children[0]).toMatchObject({
      description: 'running 1h 40m · box: /work/src',
      accessibleLabel: 'npm test, running for 1 hour, on box in /work/src',
      tooltip: expect.stringContaining('Folder: /work/src (on box)'),
    });
  });

  it('tells of a process that nobody can tell any more what became of it', () => {
    const failure = 'the connection to box was lost\n$(trash)';
    const lost = aProcess({ state: 'closed', exitCode: 255, failure, remote: 'box' });
    const [session] = treeOf({ sessions: [aSession()], processes: [lost] });
    expect(session?.children[0]).toMatchObject({
      description: 'failed · box: /work · pid 100',
      icon: { id: 'warning', color: 'list.warningForeground' },
      contextValue: 'process.exited',
      accessibleLabel: expect.stringContaining(
        'failed: the connection to box was lost ⏎ $ (trash), on box',
      ),
      tooltip: expect.stringMatching(
        /^.*\nfailed: the connection to box was lost ⏎ \$ \(trash\)\nFolder: /,
      ),
    });
  });

  it('puts running processes first, then exits, the latest on top', () => {
    const exited = { state: 'closed', exitCode: 0 } as const;
    const [session] = treeOf({
      sessions: [aSession()],
      processes: [
        aProcess({ serial: 1, argv: ['early'], ...exited, exitedAtMs: 10 }),
        aProcess({ serial: 2, argv: ['second'], startedAtMs: 20 }),
        aProcess({ serial: 3, argv: ['late'], ...exited, exitedAtMs: 30 }),
        aProcess({ serial: 4, argv: ['first'], startedAtMs: 5 }),
      ],
    });
    expect(session?.children.map(({ label }) => label)).toEqual([
      'first',
      'second',
      'late',
      'early',
    ]);
  });

  it('puts ended sessions last', () => {
    const sessions = treeOf({
      sessions: [
        aSession({ sessionId: 'a', clientName: 'gone', state: 'ended', createdAtMs: 9 }),
        aSession({ sessionId: 'b', clientName: 'away', state: 'detached', expiresAtMs: NOW }),
        aSession({ sessionId: 'c', clientName: 'older', createdAtMs: 1 }),
        aSession({ sessionId: 'd', clientName: 'newer', createdAtMs: 2 }),
      ],
    });
    expect(sessions.map(({ label }) => label)).toEqual(['newer', 'older', 'away', 'gone']);
  });

  it.each([
    [aProcess({ tty: false }), 'process.running.pipe.agent'],
    [aProcess({ acceptsInput: false, tty: false }), 'process.running.noInput.agent'],
    [aProcess({ inputHolder: 'user' }), 'process.running.tty.user'],
    [aProcess({ state: 'closing', exitCode: 1 }), 'process.closing'],
    [aProcess({ state: 'closed', exitCode: 1 }), 'process.exited'],
  ])('tells the state of a process by words: %#', (process, contextValue) => {
    const [session] = treeOf({ sessions: [aSession()], processes: [process] });
    expect(session?.children[0]?.contextValue).toBe(contextValue);
  });

  it('tells who ended a process', () => {
    const [session] = treeOf({
      sessions: [aSession()],
      processes: [
        aProcess({
          state: 'closed',
          exitCode: 143,
          endedBy: 'user',
          startedAtMs: NOW - 3 * MINUTE,
          exitedAtMs: NOW - MINUTE,
        }),
      ],
    });
    expect(session?.children[0]).toMatchObject({
      description: 'exited 143 by you · 1m ago · pid 100',
      accessibleLabel:
        'npm test, exited with code 143, ended by you, 1 minute ago after 2m, pid 100',
    });
  });

  it('tells the folder of a process where it is another one than the workspace', () => {
    const rows = ['/work/src/lib', '/etc'].map((cwd) => {
      const [session] = treeOf({ sessions: [aSession()], processes: [aProcess({ cwd })] });
      const row = session?.children[0];
      return [row?.description, row?.accessibleLabel, row?.tooltip.split('\n')[2]];
    });
    expect(rows).toEqual([
      [
        'running 1h 40m · src/lib · pid 100',
        'npm test, running for 1 hour, in src/lib, pid 100',
        'Folder: /work/src/lib',
      ],
      [
        'running 1h 40m · outside: /etc · pid 100',
        'npm test, running for 1 hour, outside the workspace in /etc, pid 100',
        'Folder: /etc (outside the workspace)',
      ],
    ]);
  });

  it('keeps hostile names, commands and folders on one harmless line', () => {
    const text = 'a\n\u202e$(trash)\u001b]0;x\u0007';
    const [session] = treeOf({
      sessions: [aSession({ clientName: text })],
      processes: [aProcess({ argv: [text], cwd: text, processId: text })],
    });
    const process = session?.children[0];
    const shown = [session, process].flatMap((node) => [
      node?.label,
      node?.description,
      node?.accessibleLabel,
      ...(node?.tooltip ?? '').split('\n'),
    ]);
    expect(shown.join('')).not.toMatch(/\p{Cc}|\p{Cf}|\$\([\w~-]+\)/u);
  });

  it('names what has nothing visible in its name', () => {
    const [session] = treeOf({
      sessions: [aSession({ clientName: '\u200b' })],
      processes: [aProcess({ argv: ['sh', '-c', '\n'] })],
    });
    expect([session?.label, session?.children[0]?.label]).toEqual(['Unnamed agent', '⏎']);
  });
});
