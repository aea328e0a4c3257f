import * as vscode from 'vscode';
import { Deferred } from '../../base/deferred';
import { DisposableStore } from '../../base/lifecycle';
import type { MenuAction, MenuEntry } from './menuEntries';

interface EntryItem extends vscode.QuickPickItem {
  readonly action: MenuAction | undefined;
}

interface EntryButton extends vscode.QuickInputButton {
  readonly action: MenuAction;
}

/** Lets the user pick a row or one of the buttons on it, and runs what it stands for. */
export async function pickEntry(entries: readonly MenuEntry[], placeholder: string): Promise<void> {
  const chosen = await askForEntry(entries.map(toItem), placeholder);
  if (chosen === undefined) return;
  await vscode.commands.executeCommand(chosen.command, chosen.argument);
}

async function askForEntry(
  items: readonly EntryItem[],
  placeholder: string,
): Promise<MenuAction | undefined> {
  const parts = new DisposableStore();
  const pick = parts.add(vscode.window.createQuickPick<EntryItem>());
  pick.items = items;
  pick.placeholder = placeholder;
  pick.matchOnDescription = true;
  const chosen = new Deferred<MenuAction | undefined>();
  parts.add(pick.onDidAccept(() => chosen.resolve(pick.activeItems[0]?.action)));
  parts.add(
    pick.onDidTriggerItemButton((event) => {
      if (isEntryButton(event.button)) chosen.resolve(event.button.action);
    }),
  );
  parts.add(pick.onDidHide(() => chosen.resolve(undefined)));
  pick.show();
  try {
    return await chosen.promise;
  } finally {
    parts.dispose();
  }
}

function toItem({ label, icon, description, detail, buttons, ...action }: MenuEntry): EntryItem {
  const { command, argument } = action;
  if (command === undefined) {
    return { label, kind: vscode.QuickPickItemKind.Separator, action: undefined };
  }
  return {
    label,
    action: { command, argument },
    ...(icon === undefined ? {} : { iconPath: new vscode.ThemeIcon(icon) }),
    ...(description === undefined ? {} : { description }),
    ...(detail === undefined ? {} : { detail }),
    ...(buttons === undefined ? {} : { buttons: buttons.map(toButton) }),
  };
}

function toButton({ icon, tooltip, command, argument }: EntryButtonParts): EntryButton {
  return { iconPath: new vscode.ThemeIcon(icon), tooltip, action: { command, argument } };
}

type EntryButtonParts = NonNullable<MenuEntry['buttons']>[number];

function isEntryButton(button: vscode.QuickInputButton): button is EntryButton {
  return 'action' in button;
}
