import type { Environment } from '../../environment/environment';
import { decodeBase64 } from '../../protocol/base64';
import { describeBase64Fault } from '../../protocol/base64Fault';
import { EncodedResult } from '../../protocol/encodedResult';
import { invalidRequest } from '../../protocol/errorCodes';
import type { HandlersOf, requests } from '../../protocol/methods';
import { formatPath, parsePathText } from '../../protocol/pathText';
import { refuseSandbox } from './sandboxRefusal';

type FileSystemHandlers = Pick<
  HandlersOf<typeof requests, unknown>,
  | 'fs/getMetadata'
  | 'fs/readFile'
  | 'fs/writeFile'
  | 'fs/createDirectory'
  | 'fs/readDirectory'
  | 'fs/canonicalize'
  | 'fs/remove'
  | 'fs/copy'
>;

/** Members that stand for the defaults of the wire when they are absent or `null`. */
interface PathMembers {
  readonly path: string;
  readonly followSymlinks?: boolean | null | undefined;
  readonly sandbox?: unknown;
}

/** Adapts `fs/*` to whatever environment is current when the call arrives. */
export function fileSystemHandlers(environment: () => Environment): FileSystemHandlers {
  const onPath = (params: PathMembers) => {
    refuseSandbox(params.sandbox);
    return {
      ...parsePathText(params.path),
      followSymlinks: params.followSymlinks ?? true,
      files: environment().fileSystem,
    };
  };

  return {
    async 'fs/getMetadata'(params) {
      const { path, followSymlinks, files } = onPath(params);
      return files.getMetadata(path, { followSymlinks });
    },

    async 'fs/readFile'(params) {
      const { path, followSymlinks, files } = onPath(params);
      return new EncodedResult('dataBase64', await files.readFile(path, { followSymlinks }));
    },

    async 'fs/writeFile'(params) {
      const { path, followSymlinks, files } = onPath(params);
      await files.writeFile(path, contentOf(params.dataBase64), { followSymlinks });
      return {};
    },

    async 'fs/createDirectory'(params) {
      const { path, followSymlinks, files } = onPath(params);
      const recursive = params.recursive ?? true;
      await files.createDirectory(path, { followSymlinks, recursive });
      return {};
    },

    async 'fs/readDirectory'(params) {
      const { path, files } = onPath(params);
      return { entries: await files.readDirectory(path) };
    },

    async 'fs/canonicalize'(params) {
      const { path, form, files } = onPath(params);
      return { path: formatPath(await files.canonicalize(path), form) };
    },

    async 'fs/remove'(params) {
      const { path, followSymlinks, files } = onPath(params);
      const recursive = params.recursive ?? true;
      await files.remove(path, { followSymlinks, recursive, force: params.force ?? true });
      return {};
    },

    async 'fs/copy'({ sourcePath, destinationPath, recursive, sandbox }) {
      refuseSandbox(sandbox);
      const source = parsePathText(sourcePath).path;
      const destination = parsePathText(destinationPath).path;
      await environment().fileSystem.copy(source, destination, { recursive });
      return {};
    },
  };
}

function contentOf(dataBase64: string): Buffer {
  const bytes = decodeBase64(dataBase64);
  if (bytes !== undefined) return bytes;
  const fault = describeBase64Fault(dataBase64);
  throw invalidRequest(`fs/writeFile requires valid base64 dataBase64: ${fault}`);
}
