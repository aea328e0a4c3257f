import type { IncomingMessage } from 'node:http';
import type { DoorLock } from './doorLock';

/** What a request for a door is judged by. */
interface LockedDoor {
  readonly lock: () => DoorLock | undefined;
  readonly tokenInQuery: boolean;
}

/** What is wrong with the token of a request, if anything is. */
export async function denialOf(
  request: IncomingMessage,
  door: LockedDoor,
): Promise<string | undefined> {
  const lock = door.lock();
  if (lock === undefined) return undefined;
  const presented =
    bearerTokenOf(request) ?? (door.tokenInQuery ? queryTokenOf(request) : undefined);
  if (presented !== undefined) return lock.refusalOf(presented);
  return request.headers.authorization === undefined
    ? 'missing websocket bearer token'
    : 'invalid authorization header';
}

/** The token of `Authorization: Bearer …`, if the header is there and of that form. */
export function bearerTokenOf(request: IncomingMessage): string | undefined {
  return /^bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function queryTokenOf(request: IncomingMessage): string | undefined {
  const query = (request.url ?? '').split('?').slice(1).join('?');
  return new URLSearchParams(query).get('token') ?? undefined;
}
