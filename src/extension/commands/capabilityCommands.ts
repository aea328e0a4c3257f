import * as vscode from 'vscode';
import type { Capability } from '../../environment/environment';
import { SETTINGS_SECTION } from '../settingsSchema';
import type { CommandContext } from './commandContext';

interface CapabilityItem extends vscode.QuickPickItem {
  readonly capability: Capability;
}

const ITEMS: readonly CapabilityItem[] = [
  {
    capability: 'exec',
    label: 'Run commands',
    detail: 'Start processes and send HTTP requests.',
  },
  {
    capability: 'filesystem',
    label: 'Work with files',
    detail: 'Read and write files without running a command.',
  },
];

/** Lets the user check what agents may do, on this machine and in every mode. */
export async function chooseCapabilities({ settings }: CommandContext): Promise<void> {
  const before = settings();
  const items = ITEMS.map((item) => ({
    ...item,
    picked: before[`capabilities.${item.capability}`],
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    canPickMany: true,
    placeHolder: 'What may agents do? It applies at once.',
  });
  if (chosen === undefined) return;
  const configuration = vscode.workspace.getConfiguration(SETTINGS_SECTION);
  for (const { capability, picked } of items) {
    const isAllowed = chosen.some((item) => item.capability === capability);
    if (isAllowed === picked) continue;
    await configuration.update(
      `capabilities.${capability}`,
      isAllowed,
      vscode.ConfigurationTarget.Global,
    );
  }
}
