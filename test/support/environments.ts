import { afterAll, beforeAll } from 'vitest';
import { systemClock } from '../../src/base/clock';
import { defaultLimits } from '../../src/base/limits';
import { nullLogger } from '../../src/base/logger';
import type { FileSystem } from '../../src/environment/fileSystem';
import { LocalFileSystem } from '../../src/environment/local/localFileSystem';
import { LocalProcessBackend } from '../../src/environment/local/localProcessBackend';
import { FolderWriteScope } from '../../src/environment/local/writeScope';
import type { ProcessBackend, StartRequest } from '../../src/environment/processBackend';
import { RemoteEnvironment } from '../../src/environment/remote/remoteEnvironment';
import { startCodexExecServer } from './codexExecServer';
import { bundleExecutor } from './executorBundle';
import { startOurExecServer } from './ourExecServer';
import { ProcessWatch } from './processFixtures';
import { makeFolder } from './temporaryFolder';

/** What an environment can be: this machine, or a server of either make that happens to be on it. */
export const environmentKinds = ['local', 'remote to ours', 'remote to the real peer'] as const;
export type EnvironmentKind = (typeof environmentKinds)[number];

/** An environment with a folder of its own in which everything may be read and written. */
export interface EnvironmentUnderTest {
  readonly processes: ProcessBackend;
  readonly files: FileSystem;
  readonly folder: string;
}

/** Bound against hanging only; a server lives as long as its test file. */
const serverDeadlineMs = 600_000;

/** Gives the tests of a `describe` an environment, started before the first and gone after the last. */
export function useEnvironment(kind: EnvironmentKind): {
  readonly current: () => EnvironmentUnderTest;
  readonly start: (request: StartRequest) => Promise<ProcessWatch>;
  readonly run: (request: StartRequest) => Promise<ProcessWatch>;
} {
  let opened: EnvironmentUnderTest | undefined;
  const endings: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    const folder = await makeFolder();
    endings.push(folder.remove);
    if (kind === 'local') {
      const local = localEnvironment(folder.path);
      endings.push(() => local.backend.close(0));
      opened = { processes: local.backend, files: local.files, folder: folder.path };
      return;
    }
    const server = await startServer(kind, folder.path);
    endings.push(server.stop);
    const remote = remoteTo(server.url);
    endings.push(() => {
      remote.dispose();
    });
    opened = { processes: remote.processes, files: remote.fileSystem, folder: folder.path };
  });

  afterAll(async () => {
    for (const end of endings.reverse()) await end();
  });

  const current = (): EnvironmentUnderTest => {
    if (opened === undefined) throw new Error('The environment is not open yet');
    return opened;
  };
  const start = async (request: StartRequest): Promise<ProcessWatch> =>
    new ProcessWatch(await current().processes.start(request));
  return { current, start, run: async (request) => (await start(request)).closed() };
}

/** A remote environment at an address. Disposing it is the caller's. */
export function remoteTo(
  url: string,
  parts: Partial<ConstructorParameters<typeof RemoteEnvironment>[0]> = {},
): RemoteEnvironment {
  return new RemoteEnvironment({
    target: { name: 'builder', endpoint: { url } },
    clientName: 'environment-test',
    limits: defaultLimits,
    clock: systemClock,
    logger: nullLogger,
    ...parts,
  });
}

async function startServer(
  kind: Exclude<EnvironmentKind, 'local'>,
  folder: string,
): Promise<{ url: string; stop: () => Promise<void> }> {
  if (kind === 'remote to the real peer') {
    const peer = await startCodexExecServer({ cwd: folder, deadlineMs: serverDeadlineMs });
    return { url: peer.url, stop: () => peer.kill() };
  }
  const bundle = await bundleExecutor();
  const ours = await startOurExecServer({ script: bundle.script, folder });
  return {
    url: ours.url,
    async stop() {
      await ours.stop();
      await bundle.remove();
    },
  };
}

function localEnvironment(folder: string): { backend: LocalProcessBackend; files: FileSystem } {
  const writeScope = new FolderWriteScope({ mode: 'workspace', roots: [folder] }, []);
  return {
    backend: new LocalProcessBackend({
      limits: defaultLimits,
      logger: nullLogger,
      baseEnvironment: process.env,
    }),
    files: new LocalFileSystem({ limits: defaultLimits, writeScope }),
  };
}
