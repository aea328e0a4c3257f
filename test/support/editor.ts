import { cp } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../host/browser.mjs';
import { startVsCodeServer } from '../host/vscodeServer.mjs';
import { Workbench } from '../host/workbench.mjs';
import { commandLineOf } from './processFacts';
import { temporaryFolder } from './temporaryFolder';

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
}

/** Opens the window; the extension is activated and, unless told otherwise before, off. */
export async function openEditor(options: EditorOptions = {}): Promise<Editor> {
  const folder = await temporaryFolder();
  const workspace = join(folder.path, 'greeter');
  await cp(join(repository, 'test/fixtures/workspace'), workspace, { recursive: true });
  const server = await startVsCodeServer({
    vsix: join(repository, 'exec-server.vsix'),
    settings: options.settings,
    machineSettings: options.machineSettings,
  });
  const browser = await launchBrowser();
  const workbench = await Workbench.open(browser, server.port, { folder: workspace });
  return {
    server,
    browser,
    workbench,
    workspace,
    async close() {
      await browser.close();
      await server.stop();
      await folder.remove();
    },
  };
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
