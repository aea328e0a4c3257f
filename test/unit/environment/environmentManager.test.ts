import { describe, expect, it } from 'vitest';
import { DisabledEnvironment } from '../../../src/environment/disabledEnvironment';
import type { Environment } from '../../../src/environment/environment';
import type { EnvironmentInfo } from '../../../src/environment/environmentInfo';
import { EnvironmentManager } from '../../../src/environment/environmentManager';
import { LocalEnvironment } from '../../../src/environment/local/localEnvironment';
import { ErrorCode } from '../../../src/protocol/errorCodes';

const info: EnvironmentInfo = {
  shell: { name: 'bash', path: '/bin/bash' },
  executorVersion: '1.2.3',
  cwd: '/workspace',
  userHomeDir: '/home/user',
  platformOs: 'linux',
  temporaryDirectories: [],
  tempDir: '/tmp',
  features: { somethingOptional: true },
};

const disabled = new DisabledEnvironment(() => info);

function manager(): { manager: EnvironmentManager; local: Environment } {
  // What backs it does not matter here, only that it is another one.
  const { processes, fileSystem, http, configuration, discovery } = disabled;
  const local = new LocalEnvironment({
    info: () => info,
    processes,
    fileSystem,
    http,
    configuration,
    discovery,
  });
  return { manager: new EnvironmentManager({ local, disabled }, 'local'), local };
}

describe('EnvironmentManager', () => {
  it('gives the environment of the mode that is set', () => {
    const { manager: environments, local } = manager();
    expect([environments.mode, environments.current]).toEqual(['local', local]);
    environments.setMode('disabled');
    expect([environments.mode, environments.current]).toEqual(['disabled', disabled]);
  });

  it('tells changes, and only changes, after they happened', () => {
    const { manager: environments } = manager();
    const seen: string[] = [];
    const subscription = environments.onDidChangeMode((mode) => {
      seen.push(mode, environments.current.kind);
    });
    environments.setMode('local');
    environments.setMode('disabled');
    environments.setMode('disabled');
    environments.setMode('local');
    subscription.dispose();
    environments.setMode('disabled');
    environments.dispose();
    expect(seen).toEqual(['disabled', 'disabled', 'local', 'local']);
  });
});

describe('LocalEnvironment', () => {
  it('has everything on and asks for its facts each time', () => {
    let version = 1;
    const { processes, fileSystem, http, configuration, discovery } = disabled;
    const local = new LocalEnvironment({
      info: () => ({ ...info, executorVersion: `${version}` }),
      processes,
      fileSystem,
      http,
      configuration,
      discovery,
    });
    version = 2;
    expect(local.info().executorVersion).toBe('2');
    expect(local.capabilities).toEqual({ exec: true, filesystem: true });
  });
});

describe('DisabledEnvironment', () => {
  it('still tells where it is, without features', () => {
    expect(disabled.info()).toEqual({ ...info, features: {} });
    expect(disabled.capabilities).toEqual({ exec: false, filesystem: false });
  });

  it('refuses every call of every service', async () => {
    const { processes, http, fileSystem, configuration, discovery } = disabled;
    const services: Record<string, object> = {
      'exec is': { ...processes, ...http },
      'filesystem is': { ...fileSystem, ...configuration, ...discovery },
    };
    for (const [reason, service] of Object.entries(services)) {
      for (const [name, call] of Object.entries(service) as [string, () => Promise<unknown>][]) {
        await expect(call(), name).rejects.toMatchObject({
          code: ErrorCode.capabilityDisabled,
          message: expect.stringContaining(reason),
        });
      }
    }
  });
});
