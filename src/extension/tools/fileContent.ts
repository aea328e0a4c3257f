import type { ExecServerClient } from '../../client/execServerClient';
import { decodeBase64 } from '../../protocol/base64';
import { toolFailed } from './toolInput';
import type { PlacePath } from './toolPlace';

/**
 * A file of the environment, whole.
 *
 * @throws ExecServerError `toolFailed` for what is no file or too large; RpcError as the server answered.
 */
export async function readWhole(
  client: ExecServerClient,
  path: PlacePath,
  maxBytes: number,
): Promise<Buffer> {
  const { isDirectory, isFile, size } = await client.request('fs/getMetadata', { path: path.uri });
  if (isDirectory) throw toolFailed(`Failed to read ${path.native}: it is a directory.`);
  // A device or a pipe would never end.
  if (!isFile) throw toolFailed(`Failed to read ${path.native}: it is not a regular file.`);
  if (size > maxBytes) throw tooLarge(path, size, maxBytes);
  const { dataBase64 } = await client.request('fs/readFile', { path: path.uri });
  const bytes = decodeBase64(dataBase64);
  if (bytes === undefined) {
    throw toolFailed(`Failed to read ${path.native}: the server sent no valid base64.`);
  }
  if (bytes.length > maxBytes) throw tooLarge(path, bytes.length, maxBytes);
  return bytes;
}

/** The text of a file in UTF-8, or nothing where it is something else. */
export function textOf(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Bytes that are no UTF-8 are no text to us, whatever they are.
    return undefined;
  }
}

function tooLarge(path: PlacePath, size: number, maxBytes: number): Error {
  return toolFailed(
    `Failed to read ${path.native}: it has ${size} bytes, and at most ${maxBytes} are read whole.`,
  );
}
