/** An exec-server somewhere else, as its user set it up. */
export interface RemoteTarget {
  /** The user's name for it. */
  readonly name: string;
  readonly endpoint: RemoteEndpoint;
}

/** An address, or a program that speaks the protocol on its stdin and stdout, such as `ssh`. */
export type RemoteEndpoint =
  | { readonly url: string; readonly token?: string | undefined }
  | {
      readonly program: string;
      readonly args?: readonly string[] | undefined;
      readonly env?: Readonly<Record<string, string>> | undefined;
      readonly cwd?: string | undefined;
    };

/** Where agents' calls shall go. */
export type EnvironmentChoice =
  | { readonly mode: 'local' }
  | { readonly mode: 'disabled' }
  | { readonly mode: 'remote'; readonly remote: RemoteTarget };

/** An endpoint for people: without the token, without the query of an address. */
export function describeEndpoint(endpoint: RemoteEndpoint): string {
  if ('program' in endpoint) return [endpoint.program, ...(endpoint.args ?? [])].join(' ');
  if (!URL.canParse(endpoint.url)) return 'an address that cannot be read';
  const { protocol, host, pathname } = new URL(endpoint.url);
  return `${protocol}//${host}${pathname}`;
}
