import { describe, expect, it } from 'vitest';
import { createLogger, nullLogger } from '../../../src/base/logger';
import { DisabledEnvironment } from '../../../src/environment/disabledEnvironment';
import type { EnvironmentChoice } from '../../../src/environment/environmentChoice';
import type { EnvironmentInfo } from '../../../src/environment/environmentInfo';
import { EnvironmentManager } from '../../../src/environment/environmentManager';
import { LocalEnvironment } from '../../../src/environment/local/localEnvironment';
import { ErrorCode } from '../../../src/protocol/errorCodes';
import { FakeRemote } from '../../support/fakeRemote';

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

const box = {
  mode: 'remote',
  remote: {
    name: 'box',
    endpoint: { url: 'ws://box.example:4000/?token=canary', token: 'canary' },
  },
} as const satisfies EnvironmentChoice;
const other: EnvironmentChoice = {
  mode: 'remote',
  remote: { name: 'other', endpoint: { program: 'ssh', args: ['other.example'] } },
};

interface Managed {
  readonly environments: EnvironmentManager;
  readonly remotes: FakeRemote[];
  /** What was told, and what was current then. */
  readonly told: string[];
  readonly log: string[];
}

function manage(choice: EnvironmentChoice = { mode: 'local' }): Managed {
  const remotes: FakeRemote[] = [];
  const log: string[] = [];
  const environments = new EnvironmentManager({
    local,
    disabled,
    createRemote: (target) => {
      const remote = new FakeRemote(target);
      remotes.push(remote);
      return remote;
    },
    choice,
    capabilities: { exec: true, filesystem: true },
    logger: createLogger((_level, line) => log.push(line)),
  });
  const told: string[] = [];
  environments.onDidChange((change) => {
    told.push(`${change}: ${environments.current.kind}`);
  });
  return { environments, remotes, told, log };
}

describe('EnvironmentManager', () => {
  it('gives the environment that is set and tells each change after it happened', () => {
    const { environments, told } = manage();
    const kinds = [environments.current.kind];
    for (const mode of ['local', 'disabled', 'disabled', 'local'] as const) {
      environments.set({ mode });
      kinds.push(environments.current.kind);
    }
    environments.dispose();
    environments.set({ mode: 'disabled' });
    expect({ kinds, told }).toEqual({
      kinds: ['local', 'local', 'disabled', 'disabled', 'local'],
      told: ['environment: disabled', 'environment: local'],
    });
  });

  it('connects to a remote once, however often it is set, and shows how it stands without a token', () => {
    const { environments, remotes, told } = manage(box);
    environments.set(structuredClone(box));
    const [remote] = remotes;
    const situations = [environments.situation()];
    remote?.setHealth({ kind: 'unreachable', reason: 'GET /?token=canary was refused' });
    situations.push(environments.situation());
    if (remote !== undefined) remote.cwd = '/srv/work';
    remote?.setHealth({ kind: 'ready' });
    situations.push(environments.situation());
    const common = {
      mode: 'remote',
      remote: { name: 'box', address: 'ws://box.example:4000/' },
      capabilities: { exec: true, filesystem: true },
    };
    expect({ situations, remotes: remotes.length, told }).toEqual({
      situations: [
        { ...common, health: 'connecting' },
        { ...common, health: 'unreachable', reason: 'GET /?token=*** was refused' },
        { ...common, health: 'ready', cwd: '/srv/work' },
      ],
      remotes: 1,
      told: ['health: remote', 'health: remote'],
    });
  });

  it('takes the same name with another token for another remote', () => {
    const { environments, remotes } = manage(box);
    const endpoint = { url: 'ws://box.example:4000/?token=canary', token: 'changed' };
    environments.set({ mode: 'remote', remote: { name: 'box', endpoint } });
    expect(remotes.map(({ target }) => target.endpoint)).toEqual([box.remote.endpoint, endpoint]);
  });

  it('retires a remote that is left, hears no more of it, and lets go of it when nothing runs there', async () => {
    const { environments, remotes, told } = manage(box);
    const [remote] = remotes;
    const { mode, remoteName } = environments.set(other);
    remote?.setHealth({ kind: 'recovering' });
    const before = [...(remote?.asked ?? [])];
    remote?.becomeEmpty();
    await settled();
    expect({
      mode,
      remoteName,
      before,
      asked: remote?.asked,
      told,
      next: remotes[1]?.asked,
    }).toEqual({
      mode: 'remote',
      remoteName: 'box',
      before: ['retire'],
      asked: ['retire', 'dispose'],
      told: ['environment: remote'],
      next: [],
    });
  });

  it('lets go of a remote that was left at once when told to, and only once', async () => {
    const { environments, remotes } = manage(box);
    const left = environments.set({ mode: 'local' });
    left.dispose();
    left.dispose();
    remotes[0]?.becomeEmpty();
    await settled();
    environments.dispose();
    expect(remotes[0]?.asked).toEqual(['retire', 'dispose']);
  });

  it('logs why a remote could not be let go of in good order', async () => {
    const { environments, remotes, log } = manage(box);
    environments.set({ mode: 'local' });
    remotes[0]?.failToRetire(new Error('no way'));
    await settled();
    expect({ asked: remotes[0]?.asked, log }).toEqual({
      asked: ['retire', 'dispose'],
      log: ['failed to let go of a remote reason="no way"'],
    });
  });

  it('connects anew to a remote that was left in between', () => {
    const { environments, remotes } = manage(box);
    environments.set({ mode: 'disabled' });
    environments.set(box);
    expect(remotes.map(({ asked }) => asked)).toEqual([['retire'], []]);
  });

  it('takes capabilities away and gives them back, in every environment', () => {
    const { environments, told, remotes } = manage();
    const seen = [environments.current.capabilities];
    const change = (exec: boolean, filesystem: boolean): void => {
      environments.setCapabilities({ exec, filesystem });
      seen.push(environments.situation().capabilities);
    };
    change(true, true);
    change(false, true);
    environments.set(box);
    change(true, false);
    remotes[0]?.setCapabilities({ exec: false, filesystem: true });
    change(true, true);
    environments.set({ mode: 'disabled' });
    change(true, false);
    expect({ seen: seen.map(({ exec, filesystem }) => [exec, filesystem]), told }).toEqual({
      seen: [
        [true, true],
        [true, true],
        [false, true],
        [true, false],
        [false, true],
        [false, false],
      ],
      told: [
        'capabilities: local',
        'environment: remote',
        'capabilities: remote',
        // The remote itself has lost one.
        'capabilities: remote',
        'capabilities: remote',
        'environment: disabled',
        'capabilities: disabled',
      ],
    });
  });

  it('tries a remote again when asked, and has nothing to try elsewhere', async () => {
    const { environments, remotes } = manage(box);
    await environments.reconnect();
    environments.set({ mode: 'local' });
    await environments.reconnect();
    expect(remotes[0]?.asked).toEqual(['reconnect', 'retire']);
  });

  it('cuts every connection at its end, also those that were left', () => {
    const { environments, remotes } = manage(box);
    environments.set(other);
    environments.dispose();
    environments.dispose();
    // A switch that was under way comes too late.
    environments.set(box);
    expect(remotes.map(({ asked }) => asked)).toEqual([['retire', 'dispose'], ['dispose']]);
  });

  it('stays where it is when a remote cannot be made', () => {
    const broken = new EnvironmentManager({
      local,
      disabled,
      createRemote: () => {
        throw new Error('no code');
      },
      choice: { mode: 'local' },
      capabilities: { exec: true, filesystem: true },
      logger: nullLogger,
    });
    expect(() => broken.set(box)).toThrow('no code');
    expect(broken.current.kind).toBe('local');
  });
});

/** Everything that follows from promises already settled has happened. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('LocalEnvironment', () => {
  it('has everything on and asks for its facts each time', () => {
    let version = 1;
    const asked = new LocalEnvironment({
      info: () => ({ ...info, executorVersion: `${version}` }),
      processes,
      fileSystem,
      http,
      configuration,
      discovery,
    });
    version = 2;
    expect(asked.info().executorVersion).toBe('2');
    expect(asked.capabilities).toEqual({ exec: true, filesystem: true });
  });
});

describe('DisabledEnvironment', () => {
  it('still tells where it is, without features', () => {
    expect(disabled.info()).toEqual({ ...info, features: {} });
    expect(disabled.capabilities).toEqual({ exec: false, filesystem: false });
  });

  it('refuses every call of every service', async () => {
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
