import { isAbsolute, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { invalidParams, invalidRequest } from './errorCodes';

/** How a caller wrote a path: releases up to 0.131 send native paths, those from 0.150 `file:` URIs. */
export type PathForm = 'uri' | 'native';

/** A path from the wire: native, absolute and free of `.` and `..`, with the form its sender used. */
export interface WirePath {
  readonly path: string;
  readonly form: PathForm;
}

/** The name this platform has in the peer's error texts. */
const platformName = process.platform === 'darwin' ? 'macos' : process.platform;

/**
 * Reads a path of either form.
 *
 * @throws RpcError −32602 for what is not a path at all, −32600 for a URI that names no path here.
 */
export function parsePathText(text: string): WirePath {
  if (isAbsolute(text)) {
    refuseNul(text, text);
    return { path: resolve(text), form: 'native' };
  }
  const url = parseUrl(text);
  if (url.protocol !== 'file:') {
    throw invalidParams(`unsupported path URI scheme \`${url.protocol.slice(0, -1)}\``);
  }
  if (url.search !== '' || text.includes('?')) {
    throw invalidParams('query parameters are not allowed in path URIs');
  }
  if (url.hash !== '' || text.includes('#')) {
    throw invalidParams('fragments are not allowed in path URIs');
  }
  return { path: nativePathOf(url, text), form: 'uri' };
}

/** Writes a native absolute path in the form the request used. */
export function formatPath(path: string, form: PathForm): string {
  return form === 'native' ? path : pathToUri(path);
}

/** A name that a URI holds as it is. */
const PLAIN_NAME = /^[\w.-]+$/;

/** The same for many paths, of which those of one directory follow each other: it is written once for them. */
export function pathFormatter(form: PathForm): (path: string) => string {
  if (form === 'native') return (path) => path;
  let directory = '';
  let directoryUri = '';
  return (path) => {
    const nameStart = path.lastIndexOf(sep) + 1;
    const name = path.slice(nameStart);
    if (!PLAIN_NAME.test(name)) return pathToUri(path);
    if (nameStart !== directory.length || !path.startsWith(directory)) {
      directory = path.slice(0, nameStart);
      directoryUri = pathToUri(directory);
    }
    return directoryUri + name;
  };
}

/** A native absolute path as `file:` URI. */
export function pathToUri(path: string): string {
  return pathToFileURL(path).href;
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    // The parser's own message names neither the text nor what is expected.
    throw invalidParams('invalid URI: relative URL without a base');
  }
}

function nativePathOf(url: URL, text: string): string {
  const invalidHere = (): Error => invalidRequest(`'${text}' is invalid on '${platformName}'`);
  if (process.platform === 'win32') {
    try {
      return fileURLToPath(url);
    } catch {
      // Whatever Node objects to (host, drive, encoded separator), the URI names no path on this machine.
      throw invalidHere();
    }
  }
  // A drive letter names no place on this platform, although it would parse as a directory called `C:`.
  if (url.hostname !== '' || /^\/[a-z]:(\/|$)/i.test(url.pathname)) throw invalidHere();
  let path: string;
  try {
    path = decodeURIComponent(url.pathname);
  } catch {
    // Node passes paths as UTF-8, so bytes that are none could only reach another file than the one meant.
    throw invalidParams(`'${text}' is not valid UTF-8 after percent-decoding`);
  }
  refuseNul(path, text);
  // Decoding can bring separators to light (`%2F`); they count as separators, as they do for the peer.
  return resolve(path === '' ? '/' : path);
}

function refuseNul(path: string, text: string): void {
  if (path.includes('\0')) throw invalidParams(`'${text}' is invalid on '${platformName}'`);
}
