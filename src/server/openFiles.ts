import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import type { OpenFile } from '../environment/fileSystem';
import { invalidRequest, unknownFileHandle } from '../protocol/errorCodes';

/** The files one connection holds open, by the ids its client chose. They end with the connection. */
export class OpenFiles implements Disposable {
  /** `undefined` while a file is being opened: its id is taken, and it counts. */
  private readonly files = new Map<string, OpenFile | undefined>();
  private disposed = false;

  constructor(
    private readonly limits: Pick<Limits, 'maxOpenFilesPerConnection'>,
    private readonly onDidFailToClose: (error: unknown) => void,
  ) {}

  /** @throws RpcError −32600 when the id is taken or there are too many; whatever `open` throws. */
  async open(handleId: string, open: () => Promise<OpenFile>): Promise<void> {
    const { maxOpenFilesPerConnection } = this.limits;
    if (this.files.has(handleId)) {
      throw invalidRequest(`file handle \`${handleId}\` already exists`);
    }
    if (this.files.size >= maxOpenFilesPerConnection) {
      throw invalidRequest(
        `at most ${maxOpenFilesPerConnection} file handles may be open per connection`,
      );
    }
    this.files.set(handleId, undefined);
    try {
      this.files.set(handleId, await open());
    } catch (error) {
      this.files.delete(handleId);
      throw error;
    }
    // The connection may have ended while the file was being opened.
    if (this.disposed) this.dispose();
  }

  /** @throws RpcError −32004 */
  get(handleId: string): OpenFile {
    const file = this.files.get(handleId);
    if (file === undefined) throw unknownFileHandle(handleId);
    return file;
  }

  /** Closes a file. An id that names none is fine: the client wants it gone, and it is. */
  async close(handleId: string): Promise<void> {
    const file = this.files.get(handleId);
    if (file === undefined) return;
    this.files.delete(handleId);
    await file.close();
  }

  dispose(): void {
    this.disposed = true;
    for (const file of this.files.values()) file?.close().catch(this.onDidFailToClose);
    this.files.clear();
  }
}
