import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { nullLogger } from '../../../src/base/logger';
import { EnvironmentDirectory } from '../../../src/extension/environment/environmentDirectory';
import { RemoteTokens } from '../../../src/extension/environment/remoteTokens';
import { ExecutorOwner } from '../../../src/extension/executorOwner';
import { ExecutorModel } from '../../../src/extension/model/executorModel';
import { RememberedChoice } from '../../../src/extension/rememberedChoice';
import { parseSettings } from '../../../src/extension/settingsSchema';
import { FakeClock, settled } from '../../support/fakeClock';
import { FakeMemento, FakeSecrets } from './fakeEditorStorage';
import { FakeControlClient, aRemote, aSnapshot, anEnvironment } from './fakeControlClient';

const BOX = { name: 'box', url: 'ws://127.0.0.1:4500/' };

let storagePath: string;

beforeEach(async () => {
  storagePath = await mkdtemp(join(tmpdir(), 'exec-server-owner-'));
});

afterEach(async () => {
  await rm(storagePath, { recursive: true });
});

/** A window whose executor is followed without being started. */
class Window {
  readonly model = new ExecutorModel();
  readonly choice = new RememberedChoice(new FakeMemento());
  readonly secrets = new FakeSecrets();
  readonly tokens = new RemoteTokens(this.secrets, 'here');
  values: Readonly<Record<string, unknown>> = { remotes: [BOX] };
  readonly problems: string[] = [];
  readonly client = new FakeControlClient(aSnapshot());
  private readonly settings = () => parseSettings((key) => this.values[key]).settings;
  readonly environments = new EnvironmentDirectory({
    choice: this.choice,
    tokens: this.tokens,
    settings: this.settings,
    variable: { mode: 'local' },
    readEnvironmentsToml: () => Promise.resolve([]),
  });
  readonly owner = new ExecutorOwner({
    model: this.model,
    choice: this.choice,
    environments: this.environments,
    clock: new FakeClock(),
    logger: nullLogger,
    executorPath: '/nowhere/executor.js',
    storagePath,
    clientName: 'test',
    settings: this.settings,
    workspaceFolders: () => ['/work'],
    isTrusted: () => true,
    tellProblem: (problem) => this.problems.push(problem),
  });

  follow(): void {
    this.model.attach(this.client);
  }
}

describe('a window as the owner of an executor', () => {
  it('remembers what the user chose there by name, and forgets it for the settings', async () => {
    const { owner, choice } = new Window();
    await owner.setEnvironment({ mode: 'remote', name: 'box' }, 'keep');
    expect(choice.environment).toEqual({ mode: 'remote', name: 'box' });
    await owner.setEnvironment(undefined, 'keep');
    expect(choice.environment).toBeUndefined();
  });

  it('does not remember a remote that cannot be used', async () => {
    const { owner, choice } = new Window();
    const gone = owner.setEnvironment({ mode: 'remote', name: 'gone' }, 'keep');
    await expect(gone).rejects.toThrow('there is no such remote');
    expect(choice.environment).toBeUndefined();
  });

  it('goes on from where another window switched to', () => {
    const window = new Window();
    const { model, choice, client } = window;
    window.follow();
    client.change({ environment: anEnvironment({ mode: 'disabled' }) });
    expect(choice.environment).toEqual({ mode: 'disabled' });
    client.change({ environment: aRemote() });
    expect(choice.environment).toEqual({ mode: 'remote', name: 'box' });
    client.change({ environment: anEnvironment() });
    // This machine is what the settings say too.
    expect([choice.environment, model.environment?.mode]).toEqual([undefined, 'local']);
  });

  it('takes no change of health or of processes for a switch', async () => {
    const window = new Window();
    const { choice, client, owner } = window;
    window.follow();
    await owner.setEnvironment({ mode: 'remote', name: 'box' }, 'keep');
    client.change({ environment: aRemote() });
    client.change({ environment: aRemote({ health: 'unreachable' }) });
    client.change({ processes: [] });
    expect(choice.environment).toEqual({ mode: 'remote', name: 'box' });
  });

  it('ends where the last settings say, however long the token of the ones before takes to read', async () => {
    const window = new Window();
    const { owner, client, secrets } = window;
    vi.spyOn(owner.supervisor, 'client', 'get').mockReturnValue(client);
    const token = new Deferred<undefined>();
    vi.spyOn(secrets, 'get').mockReturnValue(token.promise);
    window.values = { remotes: [BOX], environment: 'remote' };
    const toRemote = owner.followSettings();
    await settled();
    window.values = { remotes: [BOX], environment: 'disabled' };
    const toNowhere = owner.followSettings();
    await settled();
    token.resolve(undefined);
    await Promise.all([toRemote, toNowhere]);
    const switches = client.requests.filter(({ method }) => method === 'environment/set');
    expect(switches.at(-1)?.params).toEqual({
      choice: { mode: 'disabled' },
      runningProcesses: 'keep',
    });
  });

  it('does not take settings that changed a moment ago for a switch of another window', () => {
    const window = new Window();
    window.follow();
    window.values = { environment: 'disabled' };
    window.client.change({ processes: [] });
    expect(window.choice.environment).toBeUndefined();
  });
});
