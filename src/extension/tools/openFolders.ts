import type { ExecServerClient } from '../../client/execServerClient';
import { ErrorCode, RpcError } from '../../protocol/errorCodes';
import { isWithin } from './pathContainment';
import type { ToolContext } from './toolContext';
import type { PlacePath } from './toolPlace';
import { ToolPlace } from './toolPlace';

/**
 * The open folders as the environment knows them. Links are followed there, because one in a repository is
 * its author's choice and can lead anywhere.
 */
export class OpenFolders {
  private constructor(
    private readonly client: ExecServerClient,
    private readonly place: ToolPlace,
    private readonly folders: readonly PlacePath[],
  ) {}

  /** @throws whatever the environment answers, when it cannot be asked. */
  static async of(context: ToolContext): Promise<OpenFolders> {
    const client = await context.session.client();
    const place = await ToolPlace.of(client);
    const { openFolders } = context.surroundings();
    const folders = openFolders.map((folder) => place.resolve(folder));
    return new OpenFolders(
      client,
      place,
      await Promise.all(folders.map((folder) => withoutLinks(folder, client, place))),
    );
  }

  resolve(path: string): PlacePath {
    return this.place.resolve(path);
  }

  /** Where a path leads when that is outside of all of them; of what is not there yet, where it would be. */
  async targetOutside(path: string): Promise<PlacePath | undefined> {
    const target = await withoutLinks(this.place.resolve(path), this.client, this.place);
    const isInside = this.folders.some(({ native }) =>
      isWithin(target.native, native, this.place.style),
    );
    return isInside ? undefined : target;
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
    if (!(error instanceof RpcError)) throw error;
    // Early servers cannot follow links for us.
    if (error.code === ErrorCode.methodNotFound) return path;
    const parent = place.parentOf(path);
    if (error.code !== ErrorCode.notFound || parent.uri === path.uri) throw error;
    const name = path.native.slice(parent.native.length).replace(/^[\\/]/, '');
    return place.child(await withoutLinks(parent, client, place), name);
  }
}
