import type { ToolPreparation } from './agentTool';
import { inlineCode, plainMarkdown, shortened } from './confirmationText';
import { OpenFolders } from './openFolders';
import type { ToolContext } from './toolContext';

/**
 * What the chat shows before something is read: a question for what lies outside the open folders, also
 * where a symbolic link leads there. Asks whenever that cannot be found out.
 */
export async function readingPreparation(
  path: string,
  verb: string,
  context: ToolContext,
): Promise<ToolPreparation> {
  const message = `${verb} ${shortened(path)}`;
  if (await isInOpenFolder(path, context)) return { message };
  return {
    message,
    question: {
      title: 'Read outside the open folders?',
      markdown: `${verb} ${inlineCode(path)} ${plainMarkdown(context.surroundings().name)}.`,
    },
  };
}

async function isInOpenFolder(path: string, context: ToolContext): Promise<boolean> {
  try {
    const folders = await OpenFolders.of(context);
    return (await folders.targetOutside(path)) === undefined;
  } catch {
    // Whatever the reason, the call itself will tell it; until then the user decides.
    return false;
  }
}
