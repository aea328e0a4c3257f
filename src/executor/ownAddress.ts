import { BlockList, isIP } from 'node:net';
import type { ListenAddress } from '../server/listener';

/** Asks the system for the addresses of a host name. */
export type ResolveHost = (name: string) => Promise<readonly { readonly address: string }[]>;

const resolveBySystem: ResolveHost = async (name) => {
  // Loading it would cost every start, and few ask.
  const { lookup } = await import('node:dns/promises');
  return lookup(name, { all: true });
};

/**
 * Whether an address leads to a listener of this machine directly, however its loopback is spelled. What
 * comes back by a detour, such as a forwarded port, cannot be known here.
 */
export async function leadsTo(
  url: string,
  listening: ListenAddress,
  resolve: ResolveHost = resolveBySystem,
): Promise<boolean> {
  if (!URL.canParse(url)) return false;
  const { protocol, port, hostname } = new URL(url);
  const effectivePort = port === '' ? (protocol === 'wss:' ? 443 : 80) : Number(port);
  if (effectivePort !== listening.port) return false;
  const addresses = await addressesOf(hostname.replace(/^\[(.*)\]$/, '$1'), resolve);
  const own = ownAddresses(listening.host);
  return addresses.some((address) => own.check(address, familyOf(address)));
}

async function addressesOf(host: string, resolve: ResolveHost): Promise<readonly string[]> {
  if (isIP(host) !== 0) return [host];
  // Resolved without asking anybody, and to either: which of the two a program takes is its own matter.
  if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1'];
  try {
    return (await resolve(host)).map(({ address }) => address);
  } catch {
    // A name that nobody knows leads nowhere; connecting to it says so.
    return [];
  }
}

/** IPv4 addresses written as IPv6 are compared as what they are. */
function ownAddresses(host: string): BlockList {
  const own = new BlockList();
  own.addAddress(host, familyOf(host));
  // The system takes "any address" as a destination for its own loopback.
  if (host === '127.0.0.1') own.addAddress('0.0.0.0');
  if (host === '::1') own.addAddress('::', 'ipv6');
  return own;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
