import type { Limits } from '../../base/limits';
import type { Environment } from '../../environment/environment';
import { decodeBase64 } from '../../protocol/base64';
import { describeBase64Fault } from '../../protocol/base64Fault';
import { EncodedResult } from '../../protocol/encodedResult';
import { invalidParams, invalidRequest } from '../../protocol/errorCodes';
import type { HandlersOf, requests } from '../../protocol/methods';
import { parsePathText } from '../../protocol/pathText';
import type { CallContext } from '../callContext';
import { filesWithin } from './requestedSandbox';

type FileHandleHandlers = Pick<
  HandlersOf<typeof requests, Pick<CallContext, 'openFiles'>>,
  'fs/open' | 'fs/readBlock' | 'fs/writeBlock' | 'fs/close'
>;

/** Adapts the methods on open files, which belong to the connection, to the environment current at their opening. */
export function fileHandleHandlers(
  environment: () => Environment,
  limits: Pick<Limits, 'maxFileHandleIdBytes' | 'maxFileBlockBytes'>,
): FileHandleHandlers {
  const { maxFileHandleIdBytes, maxFileBlockBytes } = limits;

  const refuseLongId = (handleId: string): void => {
    if (Buffer.byteLength(handleId) <= maxFileHandleIdBytes) return;
    throw invalidRequest(`file handle ID must not exceed ${maxFileHandleIdBytes} bytes`);
  };

  const refuseLength = (verb: 'read' | 'write', length: number): void => {
    if (length >= 1 && length <= maxFileBlockBytes) return;
    throw invalidRequest(`file ${verb} block length must be between 1 and ${maxFileBlockBytes}`);
  };

  return {
    async 'fs/open'({ handleId, path: text, mode, sandbox }, { openFiles }) {
      refuseLongId(handleId);
      const place = environment();
      const { path } = parsePathText(text, place.pathStyle);
      const files = filesWithin(place, sandbox);
      await openFiles.open(handleId, () => files.open(path, mode ?? 'read'));
      return { handleId };
    },

    async 'fs/readBlock'({ handleId, offset, len }, { openFiles }) {
      refuseLongId(handleId);
      refuseLength('read', len);
      const { chunk, eof } = await openFiles.get(handleId).readBlock(offset, len);
      return new EncodedResult('chunk', chunk, { eof });
    },

    async 'fs/writeBlock'({ handleId, offset, chunk }, { openFiles }) {
      refuseLongId(handleId);
      const data = bytesOf(chunk);
      refuseLength('write', data.length);
      await openFiles.get(handleId).writeBlock(offset, data);
      return {};
    },

    async 'fs/close'({ handleId }, { openFiles }) {
      refuseLongId(handleId);
      await openFiles.close(handleId);
      return {};
    },
  };
}

function bytesOf(chunk: string): Buffer {
  const bytes = decodeBase64(chunk);
  if (bytes === undefined) throw invalidParams(describeBase64Fault(chunk));
  return bytes;
}
