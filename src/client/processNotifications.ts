import { decodeBase64 } from '../protocol/base64';
import { notifications } from '../protocol/methods';
import type { OutputFrame } from '../protocol/outputFrame';
import type { ReceivedNotification } from '../rpc/rpcPeer';
import type { NumberedEvent } from './eventOrder';

/** An event and whose it is. */
export interface AddressedEvent {
  readonly processId: string;
  readonly event: NumberedEvent;
}

type Members = Readonly<Record<string, unknown>>;

/** Reads an event of a process. @returns `undefined` for a notification that is none or cannot be read. */
export function processEventOf({
  method,
  params,
}: ReceivedNotification): AddressedEvent | undefined {
  switch (method) {
    case 'process/output':
      return outputOf(params);
    case 'process/exited': {
      const { data } = notifications[method].safeParse(params);
      if (data === undefined) return undefined;
      const { processId, seq, exitCode, sandboxDenied = false } = data;
      return { processId, event: { type: 'exited', seq, exitCode, sandboxDenied } };
    }
    case 'process/closed': {
      const { data } = notifications[method].safeParse(params);
      if (data === undefined) return undefined;
      return { processId: data.processId, event: { type: 'closed', seq: data.seq } };
    }
    default:
      return undefined;
  }
}

export function eventOfFrame({ processId, seq, stream, chunk }: OutputFrame): AddressedEvent {
  return { processId, event: { type: 'output', seq, stream, chunk } };
}

/** Output comes many thousand times a second, so the same checks as the schema's are made by hand. */
function outputOf(params: unknown): AddressedEvent | undefined {
  if (typeof params !== 'object' || params === null) return undefined;
  const { processId, seq, stream, chunk: text } = params as Members;
  if (typeof processId !== 'string' || typeof text !== 'string') return undefined;
  if (typeof seq !== 'number' || !Number.isSafeInteger(seq) || seq < 0) return undefined;
  if (stream !== 'stdout' && stream !== 'stderr' && stream !== 'pty') return undefined;
  const chunk = decodeBase64(text);
  if (chunk === undefined) return undefined;
  return { processId, event: { type: 'output', seq, stream, chunk } };
}
