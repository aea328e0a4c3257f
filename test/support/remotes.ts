import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { RemoteEnvironment } from '../../src/environment/remote/remoteEnvironment';
import { startCodexExecServer } from './codexExecServer';
import { remoteTo } from './environments';
import { useExecutorBundle } from './executorProcess';
import { startOurExecServer } from './ourExecServer';
import { temporaryFolder } from './temporaryFolder';

/** A remote for one test, with a folder to work in and a Codex home. */
export interface OpenedRemote {
  readonly remote: RemoteEnvironment;
  readonly folder: string;
  readonly codexHome: string;
}

export interface OpenOptions {
  /** The variable `PATH` of the server. */
  readonly path?: string;
  /** Fills the Codex home before the server looks at it, which it may do once only. */
  readonly fillHome?: (codexHome: string) => Promise<void>;
}

/** Gives a test file remotes, each on a server of its own. */
export function useRemotes(): {
  readonly open: (make: 'ours' | 'the real peer', options?: OpenOptions) => Promise<OpenedRemote>;
  /** One that is a program which speaks the protocol on its stdin and stdout. */
  readonly openProgram: () => Promise<Pick<OpenedRemote, 'remote' | 'folder'>>;
} {
  const bundle = useExecutorBundle();
  return {
    async open(make, { path = process.env['PATH'] ?? '', fillHome } = {}) {
      const root = await temporaryFolder();
      const folder = join(root, 'workspace');
      const codexHome = join(root, 'codex-home');
      await mkdir(folder);
      await mkdir(codexHome);
      await fillHome?.(codexHome);
      const env = { CODEX_HOME: codexHome, PATH: path };
      const server =
        make === 'ours'
          ? await startOurExecServer({ script: bundle.script(), folder, env })
          : await startPeer(folder, env);
      onTestFinished(() => server.stop());
      const remote = remoteTo(server.url);
      onTestFinished(() => {
        remote.dispose();
      });
      return { remote, folder, codexHome };
    },
    async openProgram() {
      const folder = await temporaryFolder();
      const args = [bundle.script(), '--listen', 'stdio', '--workspace', folder];
      const endpoint = { program: process.execPath, args };
      const remote = remoteTo('', { target: { name: 'builder', endpoint } });
      onTestFinished(() => {
        remote.dispose();
      });
      return { remote, folder };
    },
  };
}

async function startPeer(
  cwd: string,
  extraEnv: Readonly<Record<string, string>>,
): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = await startCodexExecServer({ cwd, extraEnv });
  return { url: server.url, stop: () => server.kill() };
}
