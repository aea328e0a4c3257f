import { Emitter } from '../base/event';

const STARTED_KEY = 'execServer.startedByUser';
const MODE_KEY = 'execServer.mode';

/** Where agents' calls shall go in one workspace, by the user's act there. Remotes by name only, never with a token. */
export type WorkspaceChoice =
  | { readonly mode: 'local' }
  | { readonly mode: 'disabled' }
  | { readonly mode: 'remote'; readonly name: string };

/** The editor's memory for this workspace. */
interface WorkspaceMemory {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

/**
 * What the user chose in this workspace. Nothing listens in a workspace where the user has not started
 * it, and nothing listens again after they stopped it.
 */
export class RememberedChoice {
  private readonly environmentEmitter = new Emitter<void>();
  /** Another place was chosen, or none. */
  readonly onDidChangeEnvironment = this.environmentEmitter.event;

  constructor(private readonly workspaceState: WorkspaceMemory) {}

  get isStarted(): boolean {
    return this.workspaceState.get(STARTED_KEY) === true;
  }

  /** Absent: the settings decide. */
  get environment(): WorkspaceChoice | undefined {
    const stored = this.workspaceState.get(MODE_KEY);
    if (stored === 'local' || stored === 'disabled') return { mode: stored };
    if (typeof stored !== 'object' || stored === null || !('remote' in stored)) return undefined;
    const { remote } = stored;
    return typeof remote === 'string' ? { mode: 'remote', name: remote } : undefined;
  }

  async rememberStarted(isStarted: boolean): Promise<void> {
    await this.workspaceState.update(STARTED_KEY, isStarted);
  }

  /** `undefined` leaves it to the settings again. */
  async rememberEnvironment(choice: WorkspaceChoice | undefined): Promise<void> {
    const stored = choice?.mode === 'remote' ? { remote: choice.name } : choice?.mode;
    await this.workspaceState.update(MODE_KEY, stored);
    this.environmentEmitter.fire();
  }
}

export function isSameChoice(
  one: WorkspaceChoice | undefined,
  other: WorkspaceChoice | undefined,
): boolean {
  if (one?.mode !== other?.mode) return false;
  return one?.mode !== 'remote' || other?.mode !== 'remote' || one.name === other.name;
}
