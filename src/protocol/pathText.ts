import { posix, win32 } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { invalidParams, invalidRequest } from './errorCodes';
import type { PathStyle } from './pathStyle';
import { localPathStyle } from './pathStyle';

/** How a caller wrote a path: releases up to 0.131 send native paths, those from 0.150 `file:` URIs. */
export type PathForm = 'uri' | 'native';

/** A path from the wire: native, absolute and free of `.` and `..`, with the form its sender used. */
export interface WirePath {
  readonly path: string;
  readonly form: PathForm;
}

/** Characters that stand for themselves in a URI, and a path that has an empty name, `.` or `..` in it. */
const PLAIN_URI = /^file:\/\/(\/[\w.\-/]+)$/;
const PLAIN_PATH = /^\/[\w.\-/]+$/;
const UNTIDY_PATH = /\/\.{0,2}(?:\/|$)/;

/** The name this platform has in the peer's error texts. */
const platformName = process.platform === 'darwin' ? 'macos' : process.platform;

const pathsOf: Readonly<Record<PathStyle, typeof posix>> = { posix, windows: win32 };

/**
 * A path on a drive or a share. Windows also calls `\\a` absolute, which means a place only to somebody
 * who is on a drive already.
 */
const WINDOWS_ABSOLUTE = /^(?:[a-z]:[\\/]|[\\/]{2}[^\\/]+[\\/]+[^\\/]+)/i;

/**
 * Reads a path of either form as the machine it is for would.
 *
 * @throws RpcError −32602 for what is not a path at all, −32600 for a URI that names no path there.
 */
export function parsePathText(text: string, style: PathStyle = localPathStyle): WirePath {
  if (isAbsolute(text, style)) {
    if (text.includes('\0')) throw invalidParams(invalidThere(text, style));
    return { path: pathsOf[style].resolve(text), form: 'native' };
  }
  const plain = style === 'posix' ? plainPathOf(text) : undefined;
  if (plain !== undefined) return { path: plain, form: 'uri' };
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
  const path = style === 'windows' ? windowsPathOf(url, text) : posixPathOf(url, text, style);
  return { path, form: 'uri' };
}

/** Whether a native path says by itself where it is. */
export function isAbsolute(path: string, style: PathStyle): boolean {
  return style === 'windows' ? WINDOWS_ABSOLUTE.test(path) : posix.isAbsolute(path);
}

/** Puts a path below a directory, both native. */
export function joinPath(directory: string, path: string, style: PathStyle): string {
  return pathsOf[style].join(directory, path);
}

/** Writes a native absolute path in the form the request used. */
export function formatPath(
  path: string,
  form: PathForm,
  style: PathStyle = localPathStyle,
): string {
  return form === 'native' ? path : pathToUri(path, style);
}

/** A name that a URI holds as it is. */
const PLAIN_NAME = /^[\w.-]+$/;

/** The same for many paths, of which those of one directory follow each other: it is written once for them. */
export function pathFormatter(
  form: PathForm,
  style: PathStyle = localPathStyle,
): (path: string) => string {
  if (form === 'native') return (path) => path;
  const { sep } = pathsOf[style];
  let directory = '';
  let directoryUri = '';
  return (path) => {
    const nameStart = path.lastIndexOf(sep) + 1;
    const name = path.slice(nameStart);
    if (!PLAIN_NAME.test(name)) return pathToUri(path, style);
    if (nameStart !== directory.length || !path.startsWith(directory)) {
      directory = path.slice(0, nameStart);
      directoryUri = pathToUri(directory, style);
    }
    return directoryUri + name;
  };
}

/** A native absolute path as `file:` URI. */
export function pathToUri(path: string, style: PathStyle = localPathStyle): string {
  if (style === 'posix' && PLAIN_PATH.test(path) && !UNTIDY_PATH.test(path))
    return `file://${path}`;
  if (style === localPathStyle) return pathToFileURL(path).href;
  // Node knows the paths of its own machine only.
  if (style === 'posix') return uriOf('', path);
  const [, host = '', rest = path] = /^\\\\([^\\]+)(.*)$/s.exec(path.replaceAll('/', '\\')) ?? [];
  const slashed = rest.replaceAll('\\', '/');
  return uriOf(host, slashed.startsWith('/') ? slashed : `/${slashed}`);
}

/** What the parser of URLs would read as something else than a character of the path. */
const MEANT_BY_URL = /[%\\?#\n\r\t]/g;

function uriOf(host: string, slashedPath: string): string {
  return new URL(`file://${host}${slashedPath.replace(MEANT_BY_URL, encodeURIComponent)}`).href;
}

/** What most URIs say as it is, and the parser would take a microsecond to find out. */
function plainPathOf(text: string): string | undefined {
  const path = PLAIN_URI.exec(text)?.[1];
  return path === undefined || UNTIDY_PATH.test(path) ? undefined : path;
}

function parseUrl(text: string): URL {
  try {
    return new URL(text);
  } catch {
    // The parser's own message names neither the text nor what is expected.
    throw invalidParams('invalid URI: relative URL without a base');
  }
}

function posixPathOf(url: URL, text: string, style: PathStyle): string {
  // A drive letter names no place on this platform, although it would parse as a directory called `C:`.
  if (url.hostname !== '' || /^\/[a-z]:(\/|$)/i.test(url.pathname)) {
    throw invalidRequest(invalidThere(text, style));
  }
  const path = decoded(url.pathname, text);
  if (path.includes('\0')) throw invalidParams(invalidThere(text, style));
  // Decoding can bring separators to light (`%2F`); they count as separators, as they do for the peer.
  return posix.resolve(path === '' ? '/' : path);
}

function windowsPathOf(url: URL, text: string): string {
  if (localPathStyle === 'windows') {
    try {
      return win32.resolve(fileURLToPath(url));
    } catch {
      // Whatever Node objects to (host, drive, encoded separator), the URI names no path on this machine.
      throw invalidRequest(invalidThere(text, 'windows'));
    }
  }
  const slashed = decoded(url.pathname, text);
  if (slashed.includes('\0')) throw invalidParams(invalidThere(text, 'windows'));
  const path = url.hostname === '' ? slashed.replace(/^\//, '') : `//${url.hostname}${slashed}`;
  if (/%2f|%5c/i.test(url.pathname) || !isAbsolute(path, 'windows')) {
    throw invalidRequest(invalidThere(text, 'windows'));
  }
  return win32.resolve(path);
}

function decoded(pathname: string, text: string): string {
  try {
    return decodeURIComponent(pathname);
  } catch {
    // Node passes paths as UTF-8, so bytes that are none could only reach another file than the one meant.
    throw invalidParams(`'${text}' is not valid UTF-8 after percent-decoding`);
  }
}

/** Of a machine that is not this one only the style is known. */
function invalidThere(text: string, style: PathStyle): string {
  return `'${text}' is invalid on '${style === localPathStyle ? platformName : style}'`;
}
