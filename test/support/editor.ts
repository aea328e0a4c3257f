import { readdirSync, readlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { onTestFinished } from 'vitest';
import { launchBrowser } from '../host/browser.mjs';
import { startVsCodeServer } from '../host/vscodeServer.mjs';
import { until } from '../host/until.mjs';
import { Workbench } from '../host/workbench.mjs';
import { commandLineOf } from './processFacts';
import { makeFolder } from './temporaryFolder';

const repository = resolve(import.meta.dirname, '../..');

/** The full id of the extension's status-bar item. */
export const STATUS_ITEM = 'exec-server.exec-server-vscode.execServer.status';

/** A real VS Code window with the packaged extension, on a workspace of its own. */
export interface Editor {
  readonly server: Awaited<ReturnType<typeof startVsCodeServer>>;
  readonly browser: Browser;
  readonly workbench: Workbench;
  /** The open folder, a copy of the sample project. */
  readonly workspace: string;
  /** Ends the window, VS Code and whatever it started. */
  close(): Promise<void>;
}

export interface EditorOptions {
  readonly settings?: Record<string, unknown>;
  readonly machineSettings?: Record<string, unknown>;
  /** Large by default. */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Changes the folder before it is opened; may name a `.code-workspace` file to open instead. */
  readonly prepare?: (workspace: string) => Promise<string | undefined>;
}

/** Opens the window; the extension is activated and, unless told otherwise before, off. */
export async function openEditor(options: EditorOptions = {}): Promise<Editor> {
  const folder = await makeFolder();
  const workspace = join(folder.path, 'greeter');
  await cp(join(repository, 'test/fixtures/workspace'), workspace, { recursive: true });
  const workspaceFile = await options.prepare?.(workspace);
  const server = await startVsCodeServer({
    vsix: join(repository, 'exec-server.vsix'),
    settings: options.settings,
    machineSettings: options.machineSettings,
  });
  const browser = await launchBrowser();
  const target = workspaceFile === undefined ? { folder: workspace } : { workspace: workspaceFile };
  const { viewport } = options;
  const workbench = await Workbench.open(browser, server.port, target, { viewport });
  const editor: Editor = {
    server,
    browser,
    workbench,
    workspace,
    async close() {
      await browser.close();
      await endExecutors(editor);
      await server.stop();
      await folder.remove();
    },
  };
  return editor;
}

/** Opens a window for the rest of the test. Of a test that fails the window is kept as a picture. */
export async function openEditorForTest(options: EditorOptions = {}): Promise<Editor> {
  const editor = await openEditor(options);
  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') {
      await editor.workbench.screenshot(`out/e2e/${task.name.slice(0, 40)}.png`);
    }
    await editor.close();
  });
  return editor;
}

/** Politely, because an executor that is killed cannot end what agents started; then nothing may be left. */
async function endExecutors(editor: Editor): Promise<void> {
  for (const pid of executorsOf(editor)) {
    try {
      process.kill(pid, 'SIGTERM');
    } catch {
      // It has ended by itself since it was found: no window is left.
    }
  }
  await until(
    'the executor and what agents started to end',
    () => [...executorsOf(editor), ...agentProgramsOf(editor)],
    (pids) => pids.length === 0,
  );
}

/** Starts the server as a user does and shows its view; answers the address for agents. */
export async function startServer(workbench: Workbench): Promise<string> {
  await workbench.waitForStatus(STATUS_ITEM, /off/i);
  await workbench.runCommand('Exec Server: Start');
  await workbench.waitForStatus(STATUS_ITEM, /local/i);
  const url = await copyAgentUrl(workbench);
  await workbench.notifications.clearAll();
  await workbench.openView(/^Exec Server/);
  return url;
}

/**
 * Programs that agents started and that work in the workspace. They have environments of their own, so the
 * editor's run does not list them; what it lists are the editor's helpers, which work there too. Linux only.
 */
export function agentProgramsOf({ server, workspace }: Editor): number[] {
  const ofEditor = new Set(server.processes());
  const worksThere = (pid: number): boolean => {
    try {
      const directory = readlinkSync(`/proc/${pid}/cwd`);
      return directory === workspace || directory.startsWith(`${workspace}/`);
    } catch {
      // Gone since the list was read, or somebody else's.
      return false;
    }
  };
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => !ofEditor.has(pid) && worksThere(pid));
}

/** Processes of an editor's run that are executors, whoever started them. */
export function executorsOf({ server }: Editor): number[] {
  return server.processes().filter((pid) => commandLineOf(pid).includes('dist/executor.js'));
}

/** Copies the connect command as a user does and takes the address out of it. */
export async function copyAgentUrl(workbench: Workbench): Promise<string> {
  await workbench.runCommand('Exec Server: Copy Connect Command');
  await workbench.quickInput.choose(/POSIX/);
  await workbench.notifications.waitFor(/copied/i);
  const command = await workbench.clipboardText();
  const url = /CODEX_EXEC_SERVER_URL='([^']+)'/.exec(command)?.[1];
  if (url === undefined) throw new Error('The copied command carries no address');
  return url;
}
