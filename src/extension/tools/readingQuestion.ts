import type { ExecServerClient } from '../../client/execServerClient';
import { ErrorCode, RpcError } from '../../protocol/errorCodes';
import type { ToolPreparation } from './agentTool';
import { inlineCode, shortened } from './confirmationText';
import { isWithin } from './pathContainment';
import type { ToolContext } from './toolContext';
import type { PlacePath } from './toolPlace';
import { ToolPlace } from './toolPlace';

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
  const { name, openFolders } = context.surroundings();
  if (await isInOpenFolder(path, openFolders, context)) return { message };
  return {
    message,
    question: {
      title: 'Read outside the open folders?',
      markdown: `${verb} ${inlineCode(path)} ${name}.`,
    },
  };
}

async function isInOpenFolder(
  path: string,
  openFolders: readonly string[],
  { session }: ToolContext,
): Promise<boolean> {
  try {
    const client = await session.client();
    const place = await ToolPlace.of(client);
    const target = place.resolve(path);
    const folders = openFolders.map((folder) => place.resolve(folder));
    const isBelow = (inner: PlacePath, outer: PlacePath): boolean =>
      isWithin(inner.native, outer.native, place.style);
    if (!folders.some((folder) => isBelow(target, folder))) return false;
    const real = await withoutLinks(target, client, place);
    const realFolders = await Promise.all(
      folders.map((folder) => withoutLinks(folder, client, place)),
    );
    return realFolders.some((folder) => isBelow(real, folder));
  } catch {
    // Whatever the reason, the call itself will tell it; until then the user decides.
    return false;
  }
}

async function withoutLinks(
  path: PlacePath,
  client: ExecServerClient,
  place: ToolPlace,
): Promise<PlacePath> {
  try {
    return place.resolve((await client.request('fs/canonicalize', { path: path.uri })).path);
  } catch (error) {
    // What is not there shows nothing, and early servers cannot follow links for us.
    const isHarmless =
      error instanceof RpcError &&
      (error.code === ErrorCode.notFound || error.code === ErrorCode.methodNotFound);
    if (isHarmless) return path;
    throw error;
  }
}
