import { execFileSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { ensureCodex } from '../../host/codex.mjs';
import { ControlWindow, startControlled } from '../../support/controlHarness';
import { run } from '../../support/processCalls';
import { isAlive, until } from '../../support/processFixtures';
import { temporaryFolder } from '../../support/temporaryFolder';
import { WireClient } from '../../support/wireClient';

const OWN_NETWORK = ['unshare', '--net', '--map-root-user'] as const;

function canLeaveNetwork(): boolean {
  const [program, ...args] = OWN_NETWORK;
  try {
    execFileSync(program, [...args, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    // Not Linux, or a container that may not.
    return false;
  }
}

describe.skipIf(!canLeaveNetwork())(
  'the real peer as a program in a network of its own (needs network namespaces)',
  () => {
    it('serves agents of ours, who share no network with it, and ends with the executor', async () => {
      const cwd = await temporaryFolder();
      const { command, args } = await ensureCodex();
      const [program, ...separating] = OWN_NETWORK;
      const endpoint = {
        program,
        args: [...separating, command, ...args, 'exec-server', '--listen', 'stdio'],
        env: { CODEX_HOME: cwd },
        cwd,
      };
      const server = await startControlled({
        environment: { mode: 'remote', remote: { name: 'capsule', endpoint } },
      });
      const window = await ControlWindow.open(server);
      await window.until(() => window.environment.health === 'ready', 'the program serves');
      const agent = await WireClient.open(server.url);
      const ran = await run(agent, 'p', 'readlink /proc/self/ns/net; ps -o ppid= -p $$; exit 3', {
        cwd,
      });
      const [network = '', parent = ''] = (ran.output['stdout'] ?? '').split('\n');
      await window.client.request('environment/set', {
        choice: { mode: 'local' },
        runningProcesses: 'terminate',
      });
      await until(() => !isAlive(Number(parent)), 'the program has ended');
      expect({
        exitCode: ran.exitCode,
        network,
        isElsewhere: network !== readlinkSync('/proc/self/ns/net'),
        address: window.client.snapshot.environment.remote,
      }).toEqual({
        exitCode: 3,
        network: expect.stringMatching(/^net:\[\d+\]$/),
        isElsewhere: true,
        address: {
          name: 'capsule',
          address: [program, ...endpoint.args].join(' '),
        },
      });
    });
  },
);

describe('a program as the remote', () => {
  it.each([
    [undefined, 'address=[]'],
    [{ CODEX_EXEC_SERVER_URL: 'named' }, 'address=[named]'],
  ])('is not told our own exec-server unless its user says so: %j', async (env, said) => {
    vi.stubEnv('CODEX_EXEC_SERVER_URL', 'ws://127.0.0.1:1');
    const endpoint = {
      program: '/bin/sh',
      args: ['-c', 'echo "address=[$CODEX_EXEC_SERVER_URL]" >&2; exit 1'],
      ...(env && { env }),
    };
    const server = await startControlled({
      environment: { mode: 'remote', remote: { name: 'box', endpoint } },
    });
    const window = await ControlWindow.open(server);
    const { reason } = await window.client.request('environment/reconnect', {});
    expect(reason).toContain(said);
  });
});
