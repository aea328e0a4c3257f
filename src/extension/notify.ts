import * as vscode from 'vscode';
import { toError } from '../base/errors';
import { redactSecrets } from '../base/logger';
import { displayText } from './model/displayText';

/** Longest reason shown in a notification; the log has the rest. */
const MAX_MESSAGE_CHARS = 400;

/** Buttons of a notification with what they do; the order is the order on screen. */
export type NotificationActions = Readonly<Record<string, () => unknown>>;

/** Tells that something was done. */
export function notifyInfo(message: string, actions: NotificationActions = {}): void {
  void run(vscode.window.showInformationMessage(plain(message), ...Object.keys(actions)), actions);
}

/** Tells what the user should look at. */
export function notifyWarning(message: string, actions: NotificationActions = {}): void {
  void run(vscode.window.showWarningMessage(plain(message), ...Object.keys(actions)), actions);
}

/** Tells what did not work and what to do about it. */
export function notifyError(message: string, actions: NotificationActions = {}): void {
  void run(vscode.window.showErrorMessage(plain(message), ...Object.keys(actions)), actions);
}

/** A question that must be answered; `undefined` when it was cancelled. */
export async function askModal<T extends string>(
  message: string,
  detail: string,
  ...answers: readonly T[]
): Promise<T | undefined> {
  return vscode.window.showWarningMessage(plain(message), { modal: true, detail }, ...answers);
}

/** The text of a failure as a notification may show it. */
export function reasonOf(thrown: unknown): string {
  return plain(toError(thrown).message);
}

/** Notifications render links, so text of others must be one plain, bounded line without secrets. */
function plain(message: string): string {
  return displayText(redactSecrets(message), MAX_MESSAGE_CHARS).replace(/\]\s*\(/g, '] (');
}

async function run(
  choice: Thenable<string | undefined>,
  actions: NotificationActions,
): Promise<void> {
  const chosen = await choice;
  if (chosen !== undefined) await actions[chosen]?.();
}
