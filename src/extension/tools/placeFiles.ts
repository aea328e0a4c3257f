import type { ExecServerClient } from '../../client/execServerClient';
import { ErrorCode, RpcError } from '../../protocol/errorCodes';
import { readWhole } from './fileContent';
import type { PatchFiles } from './patch/patchFiles';
import type { PlacePath, ToolPlace } from './toolPlace';

/** The environment's files for a patch. */
export class PlaceFiles implements PatchFiles {
  constructor(
    private readonly client: ExecServerClient,
    private readonly place: ToolPlace,
    private readonly maxFileBytes: number,
  ) {}

  resolve(path: string): PlacePath {
    return this.place.resolve(path);
  }

  async kindOf({ uri }: PlacePath): Promise<'file' | 'directory' | 'other' | 'absent'> {
    try {
      const { isDirectory, isFile } = await this.client.request('fs/getMetadata', { path: uri });
      if (isDirectory) return 'directory';
      return isFile ? 'file' : 'other';
    } catch (error) {
      if (error instanceof RpcError && error.code === ErrorCode.notFound) return 'absent';
      throw error;
    }
  }

  async isSameFile(one: PlacePath, other: PlacePath): Promise<boolean> {
    const path = await canonicalPath(this.client, one);
    return path !== undefined && path === (await canonicalPath(this.client, other));
  }

  read(path: PlacePath): Promise<Buffer> {
    return readWhole(this.client, path, this.maxFileBytes);
  }

  async write(path: PlacePath, content: Buffer): Promise<void> {
    const { uri } = this.place.parentOf(path);
    await this.client.request('fs/createDirectory', { path: uri, recursive: true });
    const dataBase64 = content.toString('base64');
    await this.client.request('fs/writeFile', { path: path.uri, dataBase64 });
  }

  async remove({ uri }: PlacePath): Promise<void> {
    await this.client.request('fs/remove', { path: uri, recursive: false, force: false });
  }
}

/** Where a path leads, or nothing where there is none or the server cannot tell, as early ones. */
async function canonicalPath(
  client: ExecServerClient,
  { uri }: PlacePath,
): Promise<string | undefined> {
  try {
    return (await client.request('fs/canonicalize', { path: uri })).path;
  } catch (error) {
    const isUnknown =
      error instanceof RpcError &&
      (error.code === ErrorCode.notFound || error.code === ErrorCode.methodNotFound);
    if (isUnknown) return undefined;
    throw error;
  }
}
