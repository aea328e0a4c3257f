import { randomBytes } from 'node:crypto';
import type { CallParams } from '../../client/execServerClient';
import { ErrorCode, RpcError } from '../../protocol/errorCodes';
import type { FileBlock, OpenFile } from '../fileSystem';
import { bytesOfAnswer } from './answeredBytes';
import { toRemoteFailure } from './remoteErrors';
import type { RemotePeer } from './remotePeer';

/** Random, so that no handle is ever taken for one of an earlier connection; in text half the bytes allowed. */
const HANDLE_ID_BYTES = 8;

/** Opens a file whose blocks are to be read or written there. */
export async function openRemoteFile(
  remote: string,
  peer: RemotePeer,
  params: Omit<CallParams<'fs/open'>, 'handleId'>,
): Promise<OpenFile> {
  const handleId = randomBytes(HANDLE_ID_BYTES).toString('hex');
  await peer.client.request('fs/open', { ...params, handleId });
  return new RemoteOpenFile(remote, peer, handleId);
}

/** A file held open at a remote. It belongs to the connection and is gone when that is lost. */
class RemoteOpenFile implements OpenFile {
  private readonly connectionNumber: number;

  constructor(
    private readonly remote: string,
    private readonly peer: RemotePeer,
    private readonly handleId: string,
  ) {
    this.connectionNumber = peer.connectionNumber;
  }

  readBlock(offset: number, length: number): Promise<FileBlock> {
    return this.call(async ({ client }, handleId) => {
      const { chunk, eof } = await client.request('fs/readBlock', {
        handleId,
        offset,
        len: length,
      });
      return { chunk: bytesOfAnswer(chunk), eof };
    });
  }

  async writeBlock(offset: number, data: Buffer): Promise<void> {
    const chunk = data.toString('base64');
    await this.call(({ client }, handleId) =>
      client.request('fs/writeBlock', { handleId, offset, chunk }),
    );
  }

  async close(): Promise<void> {
    // What went with its connection needs no closing.
    if (this.isGone()) return;
    await this.call(({ client }, handleId) => client.request('fs/close', { handleId }));
  }

  private isGone(): boolean {
    return this.peer.connectionNumber !== this.connectionNumber;
  }

  private async call<T>(send: (peer: RemotePeer, handleId: string) => Promise<T>): Promise<T> {
    if (this.isGone()) throw this.gone();
    try {
      return await send(this.peer, this.handleId);
    } catch (error) {
      throw this.isGone() ? this.gone() : toRemoteFailure(this.remote, error);
    }
  }

  private gone(): RpcError {
    return new RpcError(
      ErrorCode.notFound,
      `the file is not open any more, because the connection to the remote environment ${this.remote} was lost; open it again`,
    );
  }
}
