import { invalidRequest } from '../protocol/errorCodes';
import type { RequestSpec } from '../protocol/methods';
import type { CallContext } from './callContext';

/** Refuses what the handshake of a connection does not allow yet. */
export function refuseBeforeHandshake(spec: RequestSpec, { handshake }: CallContext): void {
  if (spec.family === 'initialize') {
    if (handshake === 'awaitingInitialize') return;
    throw invalidRequest('initialize may only be sent once per connection');
  }
  if (handshake === 'ready') return;
  const missing = handshake === 'awaitingInitialize' ? 'call initialize' : 'send initialized';
  throw invalidRequest(`client must ${missing} before using ${spec.family} methods`);
}
