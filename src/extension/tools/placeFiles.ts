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
