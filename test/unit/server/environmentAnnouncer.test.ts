import { describe, expect, it, vi } from 'vitest';
import { Deferred } from '../../../src/base/deferred';
import { Emitter } from '../../../src/base/event';
import { defaultLimits } from '../../../src/base/limits';
import { nullLogger } from '../../../src/base/logger';
import { DisabledEnvironment } from '../../../src/environment/disabledEnvironment';
import type { Environment } from '../../../src/environment/environment';
import type { EnvironmentInfo } from '../../../src/environment/environmentInfo';
import type { EnvironmentChange } from '../../../src/environment/environmentSource';
import { environmentUnreachable } from '../../../src/protocol/errorCodes';
import type { CallContext } from '../../../src/server/callContext';
import { EnvironmentAnnouncer } from '../../../src/server/environmentAnnouncer';
import { environmentHandlers } from '../../../src/server/handlers/environmentHandler';
import { initializeHandlers } from '../../../src/server/handlers/initializeHandler';
import { SessionRegistry } from '../../../src/server/sessionRegistry';
import { FakeClock, settled } from '../../support/fakeClock';
import { FakeAttachment } from '../../support/wireFakes';

const infoOf = (shellPath: string): EnvironmentInfo => ({
  shell: { name: 'sh', path: shellPath },
  cwd: 'C:\\work dir',
  platformOs: 'windows',
  temporaryDirectories: ['\\\\host\\share\\tmp'],
  features: { fsWatchMissing: true },
});

const describedAs = (shellPath: string): object => ({
  shell: { name: 'sh', path: shellPath },
  cwd: 'file:///C:/work%20dir',
  platformOs: 'windows',
  temporaryDirectories: ['file://host/share/tmp'],
  capabilities: { fsWatchMissing: true, exec: true, filesystem: true },
});

/** A remote that tells about itself when a test says so. */
function setUp() {
  const clock = new FakeClock();
  const info = vi.fn<() => Promise<EnvironmentInfo>>();
  const disabled = new DisabledEnvironment(() => infoOf('none'));
  const current: Environment = {
    kind: 'remote',
    pathStyle: 'windows',
    capabilities: { exec: true, filesystem: true },
    info,
    processes: disabled.processes,
    http: disabled.http,
    fileSystem: disabled.fileSystem,
    confinedFileSystem: () => disabled.fileSystem,
    configuration: disabled.configuration,
    discovery: disabled.discovery,
  };
  const changes = new Emitter<EnvironmentChange>();
  const announcer = new EnvironmentAnnouncer({
    environments: { current, onDidChange: changes.event },
    clock,
    limits: defaultLimits,
    logger: nullLogger,
  });
  const told: unknown[] = [];
  announcer.onDidAnnounce((text) => told.push(JSON.parse(text)));
  return { clock, current, info, changes, announcer, told };
}

const unreachable = environmentUnreachable('box', 'connection refused');

describe('an announced environment', () => {
  const changed = (shellPath: string) => ({
    method: 'environment/changed',
    params: JSON.parse(JSON.stringify(describedAs(shellPath))) as unknown,
  });

  it('is told once it can be reached, and again only when it is another', async () => {
    const { info, changes, told, clock } = setUp();
    info.mockRejectedValueOnce(unreachable);
    changes.fire('environment');
    await settled();
    const atFirst = [...told];
    info.mockResolvedValue(infoOf('/bin/a'));
    changes.fire('health');
    changes.fire('health');
    await settled();
    changes.fire('health');
    await settled();
    info.mockResolvedValue(infoOf('/bin/b'));
    changes.fire('health');
    await settled();
    expect({ atFirst, told, timers: clock.pendingTimers }).toEqual({
      atFirst: [],
      told: [changed('/bin/a'), changed('/bin/b')],
      timers: 0,
    });
  });

  it('is told again after nobody could tell for a while', async () => {
    const { info, changes, told } = setUp();
    info.mockResolvedValueOnce(infoOf('/bin/a')).mockRejectedValueOnce(unreachable);
    for (const change of ['environment', 'health'] as const) {
      changes.fire(change);
      await settled();
    }
    info.mockResolvedValue(infoOf('/bin/a'));
    changes.fire('health');
    await settled();
    expect(told).toEqual([changed('/bin/a'), changed('/bin/a')]);
  });

  it('is the last one of changes in quick succession', async () => {
    const { info, changes, told } = setUp();
    const slow = new Deferred<EnvironmentInfo>();
    info.mockReturnValueOnce(slow.promise).mockResolvedValueOnce(infoOf('/bin/b'));
    changes.fire('environment');
    changes.fire('environment');
    await settled();
    slow.resolve(infoOf('/bin/a'));
    await settled();
    expect(told).toEqual([changed('/bin/b')]);
  });

  it('is nobody’s business after the end', async () => {
    const { info, changes, announcer, told } = setUp();
    info.mockResolvedValue(infoOf('/bin/a'));
    changes.fire('environment');
    announcer.dispose();
    changes.fire('environment');
    await settled();
    expect({ told, hasListeners: changes.hasListeners }).toEqual({
      told: [],
      hasListeners: false,
    });
  });
});

describe('a client of a remote that has not told about itself', () => {
  const clientOf = ({ current, clock }: ReturnType<typeof setUp>) => {
    const patience = { clock, limits: defaultLimits };
    const sessions = new SessionRegistry({ ...patience, logger: nullLogger });
    const bind = vi.fn<CallContext['bind']>();
    const context = { attachment: new FakeAttachment(), bind } as Partial<CallContext>;
    const handlers = {
      ...initializeHandlers(sessions, () => current, patience),
      ...environmentHandlers(() => current, patience),
    };
    const hello = async () => handlers.initialize({ clientName: 'c' }, context as CallContext);
    const info = async () => handlers['environment/info'](undefined, undefined);
    const status = async () => handlers['environment/status'](undefined, undefined);
    return { hello, info, status, bind, sessions };
  };
  const sessionId = expect.any(String);

  it('gets its session in time, without the facts', async () => {
    const remote = setUp();
    remote.info.mockReturnValue(new Deferred<EnvironmentInfo>().promise);
    const { hello, bind } = clientOf(remote);
    const answer = hello();
    await settled();
    const bound = bind.mock.calls.length;
    await remote.clock.advanceSettled(defaultLimits.environmentInfoMs);
    expect({ bound, answer: await answer, timers: remote.clock.pendingTimers }).toEqual({
      bound: 1,
      answer: { sessionId },
      timers: 0,
    });
  });

  it('gets its session at once where the remote cannot be reached', async () => {
    const remote = setUp();
    remote.info.mockRejectedValue(unreachable);
    expect(await clientOf(remote).hello()).toEqual({ sessionId });
  });

  it('gets the facts with its session when they come in time', async () => {
    const remote = setUp();
    remote.info.mockResolvedValue(infoOf('/bin/a'));
    expect(await clientOf(remote).hello()).toEqual({
      sessionId,
      environmentInfo: describedAs('/bin/a'),
    });
  });

  it('is told why, when it asks by itself', async () => {
    const remote = setUp();
    remote.info.mockRejectedValue(unreachable);
    const { info, status } = clientOf(remote);
    await expect(info()).rejects.toBe(unreachable);
    await expect(status()).rejects.toBe(unreachable);
    remote.info.mockReturnValue(new Deferred<EnvironmentInfo>().promise);
    const late = info();
    const outcome = late.catch((error: unknown) => error);
    await remote.clock.advanceSettled(defaultLimits.environmentInfoMs);
    expect(await outcome).toMatchObject({
      code: -32015,
      message: 'the remote environment cannot be reached: it has not answered within 8000 ms',
    });
  });

  it('hears that it is ready once it is', async () => {
    const remote = setUp();
    remote.info.mockResolvedValue(infoOf('/bin/a'));
    expect(await clientOf(remote).status()).toEqual({ status: 'ready' });
  });

  it('is refused for a fault of ours, which is not passed over', async () => {
    const remote = setUp();
    remote.info.mockRejectedValue(new TypeError('a bug'));
    await expect(clientOf(remote).hello()).rejects.toThrow('a bug');
  });
});
