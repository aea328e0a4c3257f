import type { EnvironmentView } from '../control/messages';
import type { ResolvedEnvironment } from './environment/resolveEnvironment';
import type { Settings } from './settingsSchema';

/** The keys `when` clauses in `package.json` may use, with the values each can have. */
export const contextKeys = {
  'execServer.state': ['noFolder', 'stopped', 'starting', 'running', 'restarting', 'failed'],
  /** Where agents work; while the server is off, where they would. */
  'execServer.mode': ['local', 'remote', 'disabled'],
  /** How the place can be reached; `none` while the server is off. */
  'execServer.health': ['none', 'ready', 'connecting', 'recovering', 'unreachable'],
  /** What agents may do there, by mode and settings. */
  'execServer.execEnabled': [true, false],
  'execServer.filesystemEnabled': [true, false],
  /** Whether there are processes to look at, which there can be although agents may start none. */
  'execServer.hasProcesses': [true, false],
  /** Who types into the terminal in front, if it is one of ours whose process runs and takes input. */
  'execServer.activeTerminal': ['none', 'agent', 'user'],
} as const;

/** One value for each key. */
export type ContextKeyValues = {
  readonly [K in keyof typeof contextKeys]: (typeof contextKeys)[K][number];
};

/** What the keys about the place are read from. */
export interface PlaceSources {
  /** As the executor has it, while one runs. */
  readonly environment: EnvironmentView | undefined;
  readonly resolved: ResolvedEnvironment;
  readonly settings: Pick<Settings, 'capabilities.exec' | 'capabilities.filesystem'>;
}

type PlaceKey = 'mode' | 'health' | 'execEnabled' | 'filesystemEnabled';

/** While there is no executor, the keys tell what one would do. */
export function environmentKeys({
  environment,
  resolved,
  settings,
}: PlaceSources): Pick<ContextKeyValues, `execServer.${PlaceKey}`> {
  const mode = environment?.mode ?? resolved.choice.mode;
  const allowed = environment?.capabilities ?? {
    exec: mode !== 'disabled' && settings['capabilities.exec'],
    filesystem: mode !== 'disabled' && settings['capabilities.filesystem'],
  };
  return {
    'execServer.mode': mode,
    'execServer.health': environment?.health ?? 'none',
    'execServer.execEnabled': allowed.exec,
    'execServer.filesystemEnabled': allowed.filesystem,
  };
}
