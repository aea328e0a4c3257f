import { isIPv4 } from 'node:net';
import { ExecServerError } from '../base/errors';
import type { ListenAddress } from '../server/listener';

/** Where agents are served: at an address, or on our own stdin and stdout. */
export type ListenPlace = ListenAddress | 'stdio';

/**
 * Reads `stdio`, `stdio://` or `ws://HOST:PORT`. Only loopback is served: anyone who reaches this listener and has the token
 * has a shell, so other machines come in through a tunnel that authenticates them.
 *
 * @throws ExecServerError `invalidArguments`
 */
export function parseListenPlace(text: string): ListenPlace {
  if (text === 'stdio' || text === 'stdio://') return 'stdio';
  const match = /^ws:\/\/(\[[0-9a-f:]+\]|[^/:?#@]+):(\d{1,5})\/?$/i.exec(text);
  const host = match?.[1]?.toLowerCase();
  const port = Number(match?.[2]);
  if (host === undefined || port > 65_535) {
    throw invalid(
      `--listen takes ws://IP:PORT, for example ws://127.0.0.1:0, or stdio, got '${text}'`,
    );
  }
  if (host === 'localhost') return { host: '127.0.0.1', port };
  if (host === '[::1]') return { host: '::1', port };
  if (isIPv4(host) && host.startsWith('127.')) return { host, port };
  throw invalid(
    `--listen ${text} was refused: only loopback addresses are served. Listen on 127.0.0.1 and bring other machines in through a tunnel (ssh -L, VS Code port forwarding).`,
  );
}

const invalid = (message: string): ExecServerError =>
  new ExecServerError('invalidArguments', message);
