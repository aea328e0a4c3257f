import type { CommandContext } from './commandContext';
import { pickEntry } from './entryPick';
import { menuEntries } from './menuEntries';
import type { MenuInput } from './menuEntries';

/** The quick pick behind the status bar entry. */
export async function showMenu(context: CommandContext): Promise<void> {
  await context.environments.refresh();
  await pickEntry(menuEntries(menuInput(context)), 'Exec Server');
}

/** What the menus are made from, as of now. */
export function menuInput({
  owner,
  model,
  choice,
  environments,
  settings,
}: CommandContext): MenuInput {
  const { environment } = model;
  const current = environments.resolved.choice;
  return {
    state: owner.supervisor.state.kind,
    environment,
    current,
    remotes: environments.remotes,
    bySettings: choice.environment === undefined ? undefined : environments.resolvedBySettings,
    capabilities: {
      exec: settings()['capabilities.exec'],
      filesystem: settings()['capabilities.filesystem'],
    },
  };
}
