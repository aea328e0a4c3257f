import type { Limits } from '../base/limits';
import type { Disposable } from '../base/lifecycle';
import type { OpenFile } from '../environment/fileSystem';
import { invalidRequest, unknownFileHandle } from '../protocol/errorCodes';

/** The files one connection holds open, by the ids its client chose. They end with the connection, and with the place. */
export class OpenFiles implements Disposable {
  /** `undefined` while a file is being opened: its id is taken, and it counts. */
  private readonly files = new Map<string, OpenFile | undefined>();
  /** How often everything has ended; a file that was being opened meanwhile belongs to what is over. */
  private ends = 0;

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
    const { ends } = this;
    try {
      const file = await open();
      if (ends === this.ends) {
        this.files.set(handleId, file);
        return;
      }
      file.close().catch(this.onDidFailToClose);
    } catch (error) {
      if (ends === this.ends) this.files.delete(handleId);
      throw error;
    }
    throw unknownFileHandle(handleId);
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

  /** Closes all of them. Their ids are unknown from here on. */
  endAll(): void {
    this.ends += 1;
    for (const file of this.files.values()) file?.close().catch(this.onDidFailToClose);
    this.files.clear();
  }

  dispose(): void {
    this.endAll();
  }
}
