import type { Memento } from 'vscode';
import { EnvironmentModeSchema } from '../control/messages';
import type { EnvironmentMode } from '../control/messages';

const STARTED_KEY = 'execServer.startedByUser';
const MODE_KEY = 'execServer.mode';

/**
 * What the user chose in this workspace. Nothing listens in a workspace where the user has not started
 * it, and nothing listens again after they stopped it.
 */
export class RememberedChoice {
  constructor(private readonly workspaceState: Memento) {}

  get isStarted(): boolean {
    return this.workspaceState.get<unknown>(STARTED_KEY) === true;
  }

  get mode(): EnvironmentMode {
    return EnvironmentModeSchema.catch('local').parse(this.workspaceState.get<unknown>(MODE_KEY));
  }

  async rememberStarted(isStarted: boolean): Promise<void> {
    await this.workspaceState.update(STARTED_KEY, isStarted);
  }

  async rememberMode(mode: EnvironmentMode): Promise<void> {
    await this.workspaceState.update(MODE_KEY, mode);
  }
}
