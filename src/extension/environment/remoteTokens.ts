import type { SecretStorage } from 'vscode';
import { isLoopbackUrl } from '../connect/connectSnippets';

const KEY_PREFIX = 'execServer.remoteToken:';

/**
 * The tokens of remotes, in the editor's secret storage. Each is bound to the address it was saved for:
 * settings name the address, and whoever changes one must not be sent the token of another.
 */
export class RemoteTokens {
  constructor(
    private readonly secrets: Pick<SecretStorage, 'get' | 'store' | 'delete'>,
    /** The name of this machine. The storage may be one for all machines a user works on. */
    private readonly machine: string,
  ) {}

  /** The token saved for this remote at this address. */
  async find(name: string, url: string): Promise<string | undefined> {
    const saved = parseSaved(await this.secrets.get(KEY_PREFIX + name));
    return saved?.place === this.placeOf(url) ? saved.token : undefined;
  }

  /** Replaces what was saved under the name; without a token nothing is kept. */
  async save(name: string, url: string, token: string | undefined): Promise<void> {
    if (token === undefined) return this.forget(name);
    await this.secrets.store(
      KEY_PREFIX + name,
      JSON.stringify({ place: this.placeOf(url), token }),
    );
  }

  async forget(name: string): Promise<void> {
    await this.secrets.delete(KEY_PREFIX + name);
  }

  /** The loopback address of another machine is another place. */
  private placeOf(url: string): string {
    const { href } = new URL(url);
    return isLoopbackUrl(href) ? `${this.machine} ${href}` : href;
  }
}

function parseSaved(
  text: string | undefined,
): { readonly place: string; readonly token: string } | undefined {
  if (text === undefined) return undefined;
  let saved: unknown;
  try {
    saved = JSON.parse(text);
  } catch {
    // Not written by us; there is no token then, and the user is asked for one.
    return undefined;
  }
  if (typeof saved !== 'object' || saved === null) return undefined;
  if (!('place' in saved) || !('token' in saved)) return undefined;
  const { place, token } = saved;
  return typeof place === 'string' && typeof token === 'string' ? { place, token } : undefined;
}
