import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { ExecServerApi } from '../../src/extension/api';

const EXTENSION_ID = 'exec-server.exec-server-vscode';

/** Milliseconds. Bound against hanging; nothing is judged by time. */
const DEADLINE_MS = 60_000;

/** Long enough to leave the host to the extension between two looks. */
const LOOK_AGAIN_MS = 25;

export async function activate(): Promise<ExecServerApi> {
  const extension = vscode.extensions.getExtension<ExecServerApi>(EXTENSION_ID);
  assert.ok(extension, 'the extension is installed');
  return extension.activate();
}

/** The path of the one open folder. */
export function openFolder(): string {
  const [folder] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(folder, 'a folder is open');
  return folder.uri.fsPath;
}

/** Looks now and then until there is something, because not every state has an event. */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`Waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** Sets one of the extension's settings, or takes it back. */
export async function configure(name: string, value: unknown): Promise<void> {
  await vscode.workspace
    .getConfiguration('execServer')
    .update(name, value, vscode.ConfigurationTarget.Global);
}
