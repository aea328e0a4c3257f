import { describe, expect, it, vi } from 'vitest';
import { DisabledEnvironment } from '../../../src/environment/disabledEnvironment';
import type { Environment } from '../../../src/environment/environment';
import type { EnvironmentInfo } from '../../../src/environment/environmentInfo';
import { LimitedEnvironment, refusalOf } from '../../../src/environment/limitedEnvironment';
import type { Sandbox } from '../../../src/environment/sandbox';
import { ErrorCode } from '../../../src/protocol/errorCodes';

const info: EnvironmentInfo = {
  shell: { name: 'bash', path: '/bin/bash' },
  platformOs: 'linux',
  temporaryDirectories: [],
  features: {
    fsWatchMissing: true,
    environmentConfigRead: true,
    httpHeaderEnvVars: true,
    shellSnapshotV2: true,
    ofALaterRelease: true,
    toString: true,
  },
};

const sandbox: Sandbox = { files: [], network: 'restricted' };

/** An environment that answers everything with its own name. */
function place(capabilities = { exec: true, filesystem: true }) {
  const disabled = new DisabledEnvironment(() => info);
  const reached = vi.fn<(service: string) => void>();
  const answer = (service: string) => (): Promise<never> => {
    reached(service);
    return Promise.reject(new Error('reached'));
  };
  const fileSystem = { ...disabled.fileSystem, canonicalize: answer('files') };
  const environment: Environment = {
    kind: 'remote',
    pathStyle: 'windows',
    capabilities,
    info: () => Promise.resolve(info),
    processes: { start: answer('processes') },
    http: { request: answer('http') },
    fileSystem,
    confinedFileSystem: () => ({ ...fileSystem, canonicalize: answer('confined files') }),
    configuration: { read: answer('configuration') },
    discovery: { ...disabled.discovery, discoverInstalled: answer('discovery') },
  };
  return { environment, reached };
}

const servicesOf: Readonly<Record<'exec' | 'filesystem', readonly string[]>> = {
  exec: ['processes', 'http'],
  filesystem: ['files', 'confined files', 'configuration', 'discovery'],
};

/** Calls every service once and answers what each was refused with. */
async function callAll(environment: Environment): Promise<Set<unknown>> {
  const request = { argv: ['x'] as const, cwd: 'C:\\', env: {}, pipeStdin: false };
  const get = { method: 'GET', url: '', headers: [], redirectPolicy: 'follow' } as const;
  const { signal } = new AbortController();
  const calls = [
    environment.processes.start(request),
    environment.http.request({ ...get, body: undefined, timeoutMs: undefined }, signal),
    environment.fileSystem.canonicalize('C:\\'),
    environment.confinedFileSystem(sandbox).canonicalize('C:\\'),
    environment.configuration.read({ cwd: 'C:\\', configPaths: [], requirementsPaths: [] }),
    environment.discovery.discoverInstalled(),
  ];
  const outcomes = await Promise.allSettled(calls);
  return new Set(
    outcomes.map((outcome) =>
      outcome.status === 'rejected' && outcome.reason instanceof Error
        ? outcome.reason.message
        : 'answered',
    ),
  );
}

describe('a limited environment', () => {
  it.each([
    [{ exec: true, filesystem: true }, []],
    [{ exec: false, filesystem: true }, ['exec']],
    [{ exec: true, filesystem: false }, ['filesystem']],
    [{ exec: false, filesystem: false }, ['exec', 'filesystem']],
  ] as const)('with %j refuses itself what needs the others', async (allowed, off) => {
    const { environment, reached } = place();
    const limited = new LimitedEnvironment(environment, allowed);
    const told = await callAll(limited);
    expect({
      capabilities: limited.capabilities,
      switchedOff: [...limited.switchedOff],
      reached: reached.mock.calls.map(([service]) => service),
      told,
    }).toEqual({
      capabilities: allowed,
      switchedOff: off,
      reached: (['exec', 'filesystem'] as const)
        .filter((capability) => allowed[capability])
        .flatMap((capability) => servicesOf[capability]),
      told: new Set([
        ...off.map(
          (capability) =>
            `${capability} is disabled: the user switched it off (setting execServer.capabilities.${capability})`,
        ),
        ...(off.length === 2 ? [] : ['reached']),
      ]),
    });
  });

  it.each([
    [{ exec: true, filesystem: true }, Object.keys(info.features)],
    [{ exec: false, filesystem: true }, ['fsWatchMissing', 'environmentConfigRead']],
    [{ exec: true, filesystem: false }, ['httpHeaderEnvVars', 'shellSnapshotV2']],
    [{ exec: false, filesystem: false }, []],
  ])('with %j advertises the features that are left', async (allowed, features) => {
    const limited = new LimitedEnvironment(place().environment, allowed);
    const left = await limited.info();
    expect({ ...left, features: Object.keys(left.features) }).toEqual({ ...info, features });
  });

  it('stays where it is', () => {
    const limited = new LimitedEnvironment(place().environment, { exec: false, filesystem: true });
    expect([limited.kind, limited.pathStyle]).toEqual(['remote', 'windows']);
  });

  it('says who took a capability away: the mode, the settings or the place', () => {
    const all = { exec: true, filesystem: true };
    const disabled = new LimitedEnvironment(new DisabledEnvironment(() => info), all);
    const remote = place({ exec: false, filesystem: true }).environment;
    const reasons = [
      refusalOf(disabled, 'exec'),
      refusalOf(new LimitedEnvironment(remote, { ...all, filesystem: false }), 'filesystem'),
      refusalOf(new LimitedEnvironment(remote, all), 'exec'),
    ];
    expect(reasons.map(({ code, message }) => [code, message])).toEqual([
      [ErrorCode.capabilityDisabled, 'exec is disabled: the user switched Exec Server off'],
      [
        ErrorCode.capabilityDisabled,
        'filesystem is disabled: the user switched it off (setting execServer.capabilities.filesystem)',
      ],
      [ErrorCode.capabilityDisabled, 'exec is disabled: the remote environment does not offer it'],
    ]);
  });
});
