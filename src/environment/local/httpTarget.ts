import { invalidParams } from '../../protocol/errorCodes';
import type { HttpRequestHeader } from '../../protocol/httpMessages';
import type { HttpRequest } from '../httpClient';
import type { EnvironmentVariables } from './childEnvironment';

/** Values by lower-case name, in the order first written. */
export type HeaderFields = ReadonlyMap<string, readonly string[]>;

/** A request that can be put on the wire. */
export interface HttpTarget {
  readonly method: string;
  /** Without user and password; those have become a header. */
  readonly url: URL;
  readonly headers: HeaderFields;
  readonly body: Buffer | undefined;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
// eslint-disable-next-line no-control-regex -- control characters but the tab are what no value may hold
const forbiddenInValue = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** These tell how one connection carries a message, which is the business of whoever owns the connection. */
const connectionHeaders = new Set([
  'connection',
  'expect',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/**
 * Checks a request and fills in what the executor adds to it.
 *
 * @throws RpcError −32602 for whatever cannot be sent.
 */
export function httpTargetOf(request: HttpRequest, variables: EnvironmentVariables): HttpTarget {
  const { method, body } = request;
  if (!token.test(method)) {
    throw invalidParams('http/request method is invalid: invalid HTTP method');
  }
  const url = parseUrl(request.url);
  const headers = new Map<string, string[]>();
  for (const header of request.headers) {
    const name = requireName(header.name);
    const value = resolveValue(header, variables);
    const values = headers.get(name);
    if (values === undefined) headers.set(name, [value]);
    else values.push(value);
  }
  if (!headers.has('accept')) headers.set('accept', ['*/*']);
  const credentials = takeCredentials(url);
  if (credentials !== undefined && !headers.has('authorization')) {
    headers.set('authorization', [credentials]);
  }
  return { method, url, headers, body };
}

function parseUrl(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // The parser's own message names only the text.
    const hasScheme = /^[a-z][a-z0-9+.-]*:/i.test(text);
    const fault = hasScheme ? 'invalid host or port' : 'relative URL without a base';
    throw invalidParams(`http/request url is invalid: ${fault}`);
  }
  if (!isHttp(url)) {
    const scheme = url.protocol.slice(0, -1);
    throw invalidParams(`http/request only supports http and https URLs, got ${scheme}`);
  }
  return url;
}

export function isHttp({ protocol }: URL): boolean {
  return protocol === 'http:' || protocol === 'https:';
}

function requireName(text: string): string {
  if (!token.test(text)) {
    throw invalidParams('http/request header name is invalid: invalid HTTP header name');
  }
  const name = text.toLowerCase();
  if (connectionHeaders.has(name)) {
    throw invalidParams(`http/request header ${text} belongs to the connection: leave it out`);
  }
  return name;
}

/** Texts name the variable, never what is in it. */
function resolveValue(header: HttpRequestHeader, variables: EnvironmentVariables): string {
  const { name, valueEnvVar: variable } = header;
  let { value } = header;
  if (variable != null) {
    const secret = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
    if (secret === undefined) {
      throw invalidParams(
        `http/request header ${name} requires executor environment variable ${variable}`,
      );
    }
    if (secret === '') {
      throw invalidParams(
        `http/request header ${name} requires a non-empty executor environment variable ${variable}`,
      );
    }
    value += secret;
  }
  if (forbiddenInValue.test(value)) {
    throw invalidParams(
      `http/request header value is invalid for ${name}: failed to parse header value`,
    );
  }
  return value;
}

/** User and password of a URL as a header; they stay in the URL no longer. */
function takeCredentials(url: URL): string | undefined {
  const { username, password } = url;
  if (username === '' && password === '') return undefined;
  url.username = '';
  url.password = '';
  const plain = `${decode(username)}:${decode(password)}`;
  return `Basic ${Buffer.from(plain).toString('base64')}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign is taken as it is.
    return text;
  }
}
