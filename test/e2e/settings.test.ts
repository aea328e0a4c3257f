import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import packageJson from '../../package.json';
import { until } from '../host/until.mjs';
import type { Editor } from '../support/editor';
import {
  STATUS_ITEM,
  agentProgramsOf,
  copyAgentUrl,
  executorsOf,
  openEditorForTest,
  startServer,
} from '../support/editor';
import { parentOf } from '../support/processFacts';
import { WireClient, startParams } from '../support/wireClient';

const OUTSIDE_WRITE_SCOPE = -32014;
const FOREIGN_HOST = 'agents.example.com';

/** What the settings editor says when it shows all settings of the extension. */
const SETTINGS_FOUND = `${Object.keys(packageJson.contributes.configuration.properties).length} Settings Found`;

/** Everything a hostile repository would like to be set. */
const HOSTILE_SETTINGS = {
  'execServer.filesystem.writeScope': 'unrestricted',
  'execServer.allowedHosts': [FOREIGN_HOST],
  'execServer.port': 45_678,
  'execServer.detachedSessionTtlSeconds': 1,
  'execServer.ownerGraceSeconds': 86_400,
};

/** What writing a file is answered with: an error code, or nothing. */
async function codeOfWrite(agent: WireClient, path: string): Promise<number | undefined> {
  const reply = await agent.call('fs/writeFile', {
    path,
    dataBase64: Buffer.from('x').toString('base64'),
  });
  return 'error' in reply ? reply.error.code : undefined;
}

/** A path that only the wider write scope covers: in no folder, and not in the temporary directory. */
function outsidePath(): string {
  // The other temporary directory of Unix, which no write scope includes wherever this project lies.
  return `/var/tmp/exec-server-test-${process.pid}.txt`;
}

async function setMachineSettings(
  { server }: Editor,
  settings: Record<string, unknown>,
): Promise<void> {
  await writeFile(join(server.root, 'data/Machine/settings.json'), JSON.stringify(settings));
}

async function connectAs(url: string, host: string): Promise<string> {
  try {
    (await WireClient.connect(url, { headers: { host } })).cut();
    return 'connected';
  } catch (error) {
    return String(error);
  }
}

test('settings of a hostile workspace have no effect, in a workspace of several folders', async () => {
  const { workbench, workspace } = await openEditorForTest({
    async prepare(folder) {
      const second = join(dirname(folder), 'second');
      for (const root of [folder, second]) {
        await mkdir(join(root, '.vscode'), { recursive: true });
        await writeFile(join(root, '.vscode/settings.json'), JSON.stringify(HOSTILE_SETTINGS));
      }
      const file = join(dirname(folder), 'hostile.code-workspace');
      const folders = [{ path: folder }, { path: second, name: 'Library' }];
      await writeFile(file, JSON.stringify({ folders, settings: HOSTILE_SETTINGS }));
      return file;
    },
  });
  const second = join(dirname(workspace), 'second');
  const url = await startServer(workbench);
  expect(new URL(url).port).not.toBe('45678');
  expect(await connectAs(url, FOREIGN_HOST)).toMatch(/HTTP 403/);
  const agent = await WireClient.open(url);
  expect(await codeOfWrite(agent, outsidePath())).toBe(OUTSIDE_WRITE_SCOPE);

  // Both folders are open to agents, and the tree tells them apart.
  expect(await codeOfWrite(agent, join(workspace, 'written.txt'))).toBeUndefined();
  expect(await codeOfWrite(agent, join(second, 'written.txt'))).toBeUndefined();
  const start = (id: string, cwd: string): Promise<unknown> =>
    agent.request('process/start', startParams(id, `sleep 1000 # ${id}`, { cwd }));
  await start('one', workspace);
  await start('two', join(second, '.vscode'));
  await start('three', dirname(workspace));
  const tree = workbench.tree('Sessions');
  expect(await tree.waitForItem(/# one/)).toMatch(/, in greeter, pid/);
  expect(await tree.waitForItem(/# two/)).toMatch(/, in Library\/\.vscode, pid/);
  expect(await tree.waitForItem(/# three/)).toMatch(/, outside the workspace in \//);
  agent.cut();
});

test('settings of the machine are at hand and take effect at once', async () => {
  const opened = await openEditorForTest();
  const { workbench, workspace } = opened;
  // This window is on another machine than the browser, where these settings have a tab of their own.
  await workbench.runCommand('Exec Server: Open Settings');
  await workbench.page.locator('.settings-count-widget', { hasText: SETTINGS_FOUND }).waitFor();
  await workbench.page.keyboard.press('Escape');
  await workbench.page.locator('.settings-editor').waitFor({ state: 'hidden' });
  const outside = outsidePath();
  onTestFinished(() => rm(outside, { force: true }));
  const url = await startServer(workbench);
  const agent = await WireClient.open(url);
  expect(await codeOfWrite(agent, outside)).toBe(OUTSIDE_WRITE_SCOPE);
  expect(await connectAs(url, FOREIGN_HOST)).toMatch(/HTTP 403/);

  await setMachineSettings(opened, {
    'execServer.filesystem.writeScope': 'unrestricted',
    'execServer.allowedHosts': [FOREIGN_HOST],
    'execServer.detachedSessionTtlSeconds': 1,
    'execServer.ownerGraceSeconds': 3,
    'execServer.terminal.reveal': 'onError',
  });
  await until(
    'the wider write scope',
    () => codeOfWrite(agent, outside),
    (code) => code === undefined,
  );
  expect(await connectAs(url, FOREIGN_HOST)).toBe('connected');

  // A failed program shows itself, a successful one does not, and the keyboard stays where it is.
  await agent.request('process/start', startParams('good', 'echo fine', { cwd: workspace }));
  await agent.outputOf('good');
  await agent.request(
    'process/start',
    startParams('bad', 'echo broken; exit 7', { cwd: workspace }),
  );
  await workbench.terminal.waitForScreen(/broken/);
  expect(await workbench.focusedName()).not.toContain('broken');
  await setMachineSettings(opened, {
    'execServer.detachedSessionTtlSeconds': 1,
    'execServer.ownerGraceSeconds': 3,
    'execServer.terminal.reveal': 'onStart',
  });
  await until(
    'the narrower write scope',
    () => codeOfWrite(agent, outside),
    (code) => code === OUTSIDE_WRITE_SCOPE,
  );
  await agent.request(
    'process/start',
    startParams('later', 'echo begun; sleep 1000', { cwd: workspace }),
  );
  await workbench.terminal.waitForScreen(/begun/);

  // One second after its connection was lost the session is gone, by default it is eighty.
  agent.cut();
  await workbench.tree('Sessions').waitForItem(/begun.*session was gone/);

  // And three after the window was.
  await workbench.close();
  await until(
    'the executor and every program of the agent to end',
    () => [...executorsOf(opened), ...agentProgramsOf(opened)],
    (pids) => pids.length === 0,
  );
});

test('a port that another program has taken is told, and gets no token', async () => {
  const opened = await openEditorForTest();
  const { workbench } = opened;
  const url = await startServer(workbench);
  const { port, searchParams } = new URL(url);
  const [executor] = executorsOf(opened);
  if (executor === undefined) throw new Error('There is no executor');
  // The window stands still until the port is taken.
  const extensionHost = parentOf(executor);
  process.kill(extensionHost, 'SIGSTOP');
  process.kill(executor, 'SIGKILL');
  const squatter = await until(
    'the port to be taken',
    () => listen(Number(port)),
    () => true,
  );
  process.kill(extensionHost, 'SIGCONT');
  try {
    await workbench.notifications.waitFor(
      new RegExp(`Port ${port} is used by another program.*another token`),
    );
    await workbench.waitForStatus(STATUS_ITEM, /local/);
    await workbench.notifications.clearAll();
    const next = new URL(await copyAgentUrl(workbench));
    expect(next.port).not.toBe(port);
    expect(next.searchParams.get('token')).not.toBe(searchParams.get('token'));
    (await WireClient.open(next.href)).cut();
  } finally {
    squatter.close();
  }
});

async function listen(port: number): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}
