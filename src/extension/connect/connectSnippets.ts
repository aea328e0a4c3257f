import { quotePosix, quotePowerShell } from '../model/processText';

/** The forms in which the address of this server can be handed to an agent. */
export type SnippetForm = 'posix' | 'powershell' | 'environmentsToml' | 'url';

/** What a snippet is made from. */
export interface SnippetParts {
  readonly url: string;
  /** The first workspace folder, or the remote's directory; absent where that is not known. */
  readonly workspace: string | undefined;
  /** Whether the executor can confine programs. */
  readonly hasSandbox: boolean;
}

/** The id of our entry; clients allow letters, digits, `-` and `_`. */
const ENVIRONMENT_ID = 'vscode';

/** The address agents connect to; the token belongs into the query, because clients take that out of their logs. */
export function agentUrl(baseUrl: string, token: string): string {
  const url = new URL(baseUrl);
  url.searchParams.set('token', token);
  return url.toString();
}

/** The address as seen through a forwarded port: WebSocket schemes for HTTP ones, the token appended again. */
export function forwardedAgentUrl(externalUrl: string, token: string): string {
  const url = new URL(externalUrl);
  const webSocketUrl = url.href.replace(/^http/, 'ws');
  return agentUrl(webSocketUrl, token);
}

/** Whether an address means the machine it is used on. */
export function isLoopbackUrl(text: string): boolean {
  const { hostname } = new URL(text);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname);
}

/**
 * One form, ready to paste. Clients send the directory they were started in with every command, so the
 * forms that start one name the workspace's.
 */
export function connectSnippet(
  form: SnippetForm,
  { url, workspace, hasSandbox }: SnippetParts,
): string {
  // Clients ask for a sandbox around every command, unless they are told not to.
  const program = hasSandbox ? 'codex' : 'codex --sandbox danger-full-access';
  const codexIn = (quote: (path: string) => string): string =>
    workspace === undefined ? program : `${program} -C ${quote(workspace)}`;
  const quoted = (text: string): string => alwaysQuoted(quotePosix(text));
  switch (form) {
    case 'posix':
      return `CODEX_EXEC_SERVER_URL=${quoted(url)} ${codexIn(quoted)}`;
    case 'powershell':
      return `$env:CODEX_EXEC_SERVER_URL=${quotePowerShell(url)}; ${codexIn(quotePowerShell)}`;
    case 'environmentsToml':
      // Without `include_local = false` a client that cannot reach the server runs commands where it is.
      return [
        '# In a file that has more in it, the first two lines stand above its first table.',
        tomlComment(`Start the agent as: ${codexIn(quoted)}`),
        `default = "${ENVIRONMENT_ID}"`,
        'include_local = false',
        '',
        '[[environments]]',
        `id = "${ENVIRONMENT_ID}"`,
        `url = ${tomlString(url)}`,
        '',
      ].join('\n');
    case 'url':
      return url;
  }
}

/** Quotes around every address: a reader need not know which characters a shell leaves alone. */
function alwaysQuoted(text: string): string {
  return text.startsWith("'") ? text : `'${text}'`;
}

/** One line whatever is in it: a folder may have a name that would go on as an entry of its own. */
function tomlComment(text: string): string {
  // eslint-disable-next-line no-control-regex -- no comment may hold control characters but the tab
  return `# ${text.replace(/[\u0000-\u0008\u000a-\u001f\u007f]/g, '?')}`;
}

/** A basic string: backslash, quote and control characters escaped, as TOML and JSON agree on. */
function tomlString(text: string): string {
  return JSON.stringify(text);
}
