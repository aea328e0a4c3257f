import type { Limits } from '../../base/limits';
import type { Environment } from '../../environment/environment';
import { decodeBase64 } from '../../protocol/base64';
import { describeBase64Fault } from '../../protocol/base64Fault';
import { EncodedResult } from '../../protocol/encodedResult';
import { invalidRequest } from '../../protocol/errorCodes';
import type { HandlersOf, requests } from '../../protocol/methods';
import { formatPath, parsePathText, pathFormatter } from '../../protocol/pathText';
import type { SandboxMember } from '../../protocol/sandboxMessages';
import { filesWithin } from './requestedSandbox';
import { walkReply } from './walkReply';

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
  | 'fs/walk'
>;

/** Members that stand for the defaults of the wire when they are absent or `null`. */
interface PathMembers {
  readonly path: string;
  readonly followSymlinks?: boolean | null | undefined;
  readonly sandbox?: SandboxMember | null | undefined;
}

/** Adapts `fs/*` to whatever environment is current when the call arrives. */
export function fileSystemHandlers(
  environment: () => Environment,
  limits: Pick<Limits, 'maxWalkReplyBytes'>,
): FileSystemHandlers {
  const onPath = (params: PathMembers) => {
    const place = environment();
    return {
      ...parsePathText(params.path, place.pathStyle),
      style: place.pathStyle,
      followSymlinks: params.followSymlinks ?? true,
      files: filesWithin(place, params.sandbox),
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
      const { path, form, style, files } = onPath(params);
      return { path: formatPath(await files.canonicalize(path), form, style) };
    },

    async 'fs/remove'(params) {
      const { path, followSymlinks, files } = onPath(params);
      const recursive = params.recursive ?? true;
      await files.remove(path, { followSymlinks, recursive, force: params.force ?? true });
      return {};
    },

    async 'fs/copy'({ sourcePath, destinationPath, recursive, sandbox }) {
      const place = environment();
      const source = parsePathText(sourcePath, place.pathStyle).path;
      const destination = parsePathText(destinationPath, place.pathStyle).path;
      const files = filesWithin(place, sandbox);
      await files.copy(source, destination, { recursive });
      return {};
    },

    async 'fs/walk'(params) {
      const { path, form, style, files } = onPath(params);
      const found = await files.walk(path, params.options);
      return walkReply(found, pathFormatter(form, style), limits.maxWalkReplyBytes);
    },
  };
}

function contentOf(dataBase64: string): Buffer {
  const bytes = decodeBase64(dataBase64);
  if (bytes !== undefined) return bytes;
  const fault = describeBase64Fault(dataBase64);
  throw invalidRequest(`fs/writeFile requires valid base64 dataBase64: ${fault}`);
}
