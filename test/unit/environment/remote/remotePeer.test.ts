import { describe, expect, it } from 'vitest';
import { RemotePeer } from '../../../../src/environment/remote/remotePeer';
import { FakeExecServerClient } from '../../../support/fakeExecServerClient';

const shell = { name: 'bash', path: '/bin/bash' } as const;
const powershell = { name: 'powershell', path: 'C:\\Windows\\powershell.exe' } as const;
const nowhere = { shell, cwd: 'http://somewhere/else' };

function openPeer() {
  const client = new FakeExecServerClient();
  client.environmentInfo = { shell, cwd: 'file:///work' };
  const peer = new RemotePeer(client);
  let changes = 0;
  peer.onDidChangeInfo(() => (changes += 1));
  return { client, peer, changes: () => changes };
}

describe('a session on a remote', () => {
  it.each([
    ['cannot be read', nowhere, /answered with a path that means nothing there/],
    ['have no end', { shell, cwd: `file:///${'x'.repeat(70_000)}` }, /tells more about itself/],
  ])('lets go of a server whose facts %s', (_case, environmentInfo, message) => {
    const client = new FakeExecServerClient();
    client.environmentInfo = environmentInfo;
    expect(() => new RemotePeer(client)).toThrow(message);
    expect(client.state.kind).toBe('ended');
  });

  it('lets go of one that tells such facts later, and throws at nobody', () => {
    const { client, changes } = openPeer();
    client.changeEnvironment(nowhere);
    expect([client.state.kind, changes()]).toEqual(['ended', 0]);
  });

  it('names paths as the place has it that the server now stands for', () => {
    const { client, peer, changes } = openPeer();
    client.changeEnvironment({ shell: powershell, cwd: 'file:///C:/work', platformOs: 'windows' });
    expect([peer.info.cwd, peer.paths.style, peer.paths.read('file:///C:/x'), changes()]).toEqual([
      'C:\\work',
      'windows',
      'C:\\x',
      1,
    ]);
  });

  it('does not take what it knows already for a change', () => {
    const { client, changes } = openPeer();
    client.changeEnvironment({ shell, cwd: 'file:///work' });
    expect(changes()).toBe(0);
  });
});
