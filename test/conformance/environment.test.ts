import { expect } from 'vitest';
import { pathToFileURL } from 'node:url';
import { ok, refused } from './harness/agent';
import { conformance } from './harness/conformance';
import { differs, wording } from './harness/difference';

conformance('environment', (scenario) => {
  scenario('status is ready, asked with no parameters in any way of saying so', async (stage) => {
    const agent = await stage.open();
    await agent.talks([
      ['environment/status', undefined, ok({ status: 'ready' })],
      ['environment/status', null, ok({ status: 'ready' })],
      ['environment/status', {}, ok({ status: 'ready' })],
    ]);
  });

  scenario('status takes no member', async (stage) => {
    const agent = await stage.open();
    await agent.asks(
      'environment/status',
      { x: 1 },
      refused(
        -32602,
        wording('invalid type: map, expected no member `x`', 'invalid type: map, expected unit'),
      ),
    );
  });

  scenario('info tells what a client needs to know of the place', async (stage) => {
    const agent = await stage.open();
    const answers = [];
    for (const params of [undefined, null, {}]) {
      answers.push(await agent.result<Record<string, unknown>>('environment/info', params));
    }
    const [info = {}] = answers;
    agent.sees(answers, [info, info, info]);
    const { capabilities, ...rest } = info;
    agent.sees(rest, {
      shell: differs({
        ours: { name: 'bash', path: '/bin/bash' },
        peer: { name: expect.any(String), path: expect.stringMatching(/^\//) },
        because: 'the peer names the shell of the account, whatever SHELL says',
      }),
      executorVersion: expect.stringMatching(/^\d+\.\d+\.\d+/),
      cwd: pathToFileURL(stage.server.cwd).href,
      userHomeDir: expect.stringMatching(/^file:\/\/\//),
      platformOs: 'linux',
      temporaryDirectories: [],
      tempDir: 'file:///tmp',
      ...(stage.side === 'peer' ? peerOnly : oursOnly),
    });
    const flags = Object.values(capabilities as Record<string, unknown>);
    agent.sees(
      flags.filter((flag) => typeof flag !== 'boolean'),
      [],
    );
  });

  scenario('what ours says it can is what the peer says it can', async (stage) => {
    const agent = await stage.open();
    const { capabilities } = await agent.result<{ capabilities: Record<string, boolean> }>(
      'environment/info',
    );
    const able = Object.keys(capabilities).filter((name) => capabilities[name] === true);
    agent.sees(
      able.filter((name) => !peerCapabilities.includes(name)),
      // Of ours; the peer has no switch for what needs them.
      stage.side === 'peer' ? [] : ['exec', 'filesystem'],
    );
  });
});

conformance(
  'environment with a temporary directory',
  (scenario) => {
    scenario('TMPDIR is a temporary directory and the one used by default', async (stage) => {
      const agent = await stage.open();
      const { temporaryDirectories, tempDir } =
        await agent.result<Record<string, unknown>>('environment/info');
      agent.sees(
        { temporaryDirectories, tempDir },
        { temporaryDirectories: ['file:///var/tmp'], tempDir: 'file:///var/tmp' },
      );
    });
  },
  { env: { TMPDIR: '/var/tmp' } },
);

/** Nothing a client needs, and nothing of ours to tell. */
const peerOnly = {
  providerId: expect.stringMatching(/^sha256:[\da-f]{64}$/),
  prependPathDirs: [expect.stringMatching(/^file:\/\/\/.*\/codex-path$/)],
};

/** By which executors in front of each other find out that they are. */
const oursOnly = { servedThrough: [expect.stringMatching(/^[\da-f-]{36}$/)] };

/** Every capability release 0.169.0 of the peer knows. */
const peerCapabilities = [
  'networkProxyLaunch',
  'networkProxyReviewDomains',
  'credentialMasking',
  'credentialMaskingCustomProviders',
  'capabilityDiscoverySandbox',
  'fsWatchMissing',
  'capabilityDiscoveryV2',
  'environmentConfigRead',
  'httpHeaderEnvVars',
  'sandboxedFileStreaming',
  'fileWriteStreaming',
  'shellSnapshotV2',
  'linuxRootWritePreservesDevices',
  'linuxApprovedRootWritePreservesRestrictions',
];
