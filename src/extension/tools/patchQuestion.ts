import { inlineCode } from './confirmationText';
import { OpenFolders } from './openFolders';
import type { PatchAction } from './patch/patchModel';
import type { ToolContext } from './toolContext';

/** Paths looked at together; as many as a server lets wait without a thought. */
const PATHS_AT_ONCE = 16;

/** The remark on a path, by the path as the patch has it. */
type Remarks = ReadonlyMap<string, string>;

/** What a patch will do, in Markdown: all of its files, and which of them are outside the open folders. */
export async function patchQuestion(
  actions: readonly PatchAction[],
  context: ToolContext,
): Promise<string> {
  const remarks = await remarksOn(actions, context);
  const lines = actions.map((action) => `- ${describe(action, remarks ?? new Map())}`);
  if (remarks === undefined) lines.push('', 'Where these paths lead could not be found out.');
  return lines.join('\n');
}

/** Nothing where the environment cannot be asked; the call itself will tell why. */
async function remarksOn(
  actions: readonly PatchAction[],
  context: ToolContext,
): Promise<Remarks | undefined> {
  const paths = [...new Set(actions.flatMap(pathsOf))];
  const remarks = new Map<string, string>();
  try {
    const folders = await OpenFolders.of(context);
    for (let first = 0; first < paths.length; first += PATHS_AT_ONCE) {
      const some = paths.slice(first, first + PATHS_AT_ONCE);
      const found = await Promise.all(some.map((path) => remarkOn(path, folders)));
      for (const [index, path] of some.entries()) remarks.set(path, found[index] ?? '');
    }
    return remarks;
  } catch {
    return undefined;
  }
}

async function remarkOn(path: string, folders: OpenFolders): Promise<string> {
  const target = await folders.targetOutside(path);
  if (target === undefined) return '';
  const isPlain = target.uri === folders.resolve(path).uri && path === target.native;
  return isPlain
    ? ' (outside the open folders)'
    : ` (outside the open folders: ${inlineCode(target.native)})`;
}

function pathsOf(action: PatchAction): string[] {
  const moveTo = action.kind === 'update' ? action.moveTo : undefined;
  return moveTo === undefined ? [action.path] : [action.path, moveTo];
}

function describe(action: PatchAction, remarks: Remarks): string {
  const shown = (path: string): string => inlineCode(path) + (remarks.get(path) ?? '');
  const path = shown(action.path);
  switch (action.kind) {
    case 'add':
      return `Write ${path}`;
    case 'delete':
      return `Delete ${path}`;
    case 'update':
      return action.moveTo === undefined
        ? `Change ${path}`
        : `Change ${path} and move it to ${shown(action.moveTo)}`;
  }
}
