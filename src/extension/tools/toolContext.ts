import type { Clock } from '../../base/clock';
import type { Limits } from '../../base/limits';
import type { ToolCommands } from './toolCommands';
import type { ToolSession } from './toolSession';

/** What the window knows of the place its tools work in, for what is shown before a tool runs. */
export interface ToolSurroundings {
  /** For a sentence: `on this machine`, `on box`. Plain text, made harmless. */
  readonly name: string;
  /** Folders a tool may read in without asking, as the environment names them. */
  readonly openFolders: readonly string[];
}

/** What the tools share. */
export interface ToolContext {
  readonly session: ToolSession;
  readonly commands: ToolCommands;
  readonly limits: Limits;
  readonly clock: Clock;
  surroundings(): ToolSurroundings;
}
