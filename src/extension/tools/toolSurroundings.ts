import type { EnvironmentView } from '../../control/messages';
import { environmentText } from '../model/environmentText';
import type { ToolSurroundings } from './toolContext';

/** What is told and asked depends on where the calls go; folders of this window are only on this machine. */
export function toolSurroundings(
  environment: EnvironmentView | undefined,
  workspaceFolders: readonly string[],
): ToolSurroundings {
  if (environment === undefined) return { name: 'nowhere', openFolders: [] };
  const { where } = environmentText(environment);
  if (environment.mode !== 'remote') return { name: where, openFolders: workspaceFolders };
  return { name: where, openFolders: environment.cwd === undefined ? [] : [environment.cwd] };
}
