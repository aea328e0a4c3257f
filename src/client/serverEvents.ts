import type * as z from 'zod';
import type { Logger } from '../base/logger';
import type { EnvironmentInfoResponse } from '../protocol/environmentMessages';
import type { BodyDelta } from '../protocol/httpMessages';
import { notifications } from '../protocol/methods';
import type { ReceivedNotification } from '../rpc/rpcPeer';
import type { ServerPeer } from './attachment';
import type { AddressedEvent } from './processNotifications';
import { eventOfFrame, processEventOf } from './processNotifications';

/** Who takes what a server tells by itself. */
export interface ServerEventHandlers {
  readonly logger: Logger;
  readonly onProcessEvent: (event: AddressedEvent) => void;
  readonly onBodyDelta: (delta: BodyDelta) => void;
  readonly onMissingChanged: (change: { readonly watchId: number }) => void;
  readonly onEnvironmentChanged: (info: EnvironmentInfoResponse) => void;
}

/**
 * Parses what a server tells and hands it on. Methods that a later server may have are ignored; what
 * cannot be read is logged, and missed when it mattered: output is numbered.
 */
export function routeFrom(peer: ServerPeer, handlers: ServerEventHandlers): void {
  const { logger, onProcessEvent } = handlers;
  peer.onDidReceiveOutput((frame) => {
    onProcessEvent(eventOfFrame(frame));
  });
  peer.onDidNotify((notification) => {
    const event = processEventOf(notification);
    if (event !== undefined) onProcessEvent(event);
    else if (!handOver(notification, handlers)) {
      logger.warn('unreadable notification from the exec-server', { method: notification.method });
    }
  });
}

/** @returns whether there was nothing wrong with it. */
function handOver({ method, params }: ReceivedNotification, to: ServerEventHandlers): boolean {
  switch (method) {
    case 'http/request/bodyDelta':
      return hand(notifications[method], params, to.onBodyDelta);
    case 'fs/missingChanged':
      return hand(notifications[method], params, to.onMissingChanged);
    case 'environment/changed':
      return hand(notifications[method], params, to.onEnvironmentChanged);
    default:
      return !(method in notifications);
  }
}

function hand<S extends z.ZodType>(
  schema: S,
  params: unknown,
  receive: (value: z.output<S>) => void,
): boolean {
  const parsed = schema.safeParse(params);
  if (parsed.success) receive(parsed.data);
  return parsed.success;
}
