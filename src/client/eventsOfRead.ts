import { decodeBase64 } from '../protocol/base64';
import type { ReadResponse } from '../protocol/processMessages';
import type { EventOrder, NumberedEvent } from './eventOrder';

/** What `process/read` tells besides the events that came by themselves. */
export interface EventsOfRead {
  readonly events: readonly NumberedEvent[];
  /** How many the server has numbered and does not keep any more. */
  readonly lostEvents: number;
}

export interface ReadContext {
  readonly order: Pick<EventOrder, 'lastSeq' | 'heldSeqs' | 'knows'>;
  /** Whether `nextSeq` counts the exit and the close, which have no chunk; releases up to 0.140 do not. */
  readonly countsEnds: boolean;
}

/**
 * The events behind an answer of `process/read`. It holds output only: the exit is the one number that is
 * missing, the close the last. More missing numbers are output that was dropped.
 *
 * @returns `undefined` when the answer contradicts itself.
 */
export function eventsOfRead(
  reply: ReadResponse,
  { order, countsEnds }: ReadContext,
): EventsOfRead | undefined {
  const { lastSeq } = order;
  const output: NumberedEvent[] = [];
  for (const { seq, stream, chunk: text } of reply.chunks) {
    const chunk = decodeBase64(text);
    if (chunk === undefined) return undefined;
    if (seq > lastSeq) output.push({ type: 'output', seq, stream, chunk });
  }
  const known = new Set([...order.heldSeqs, ...output.map(({ seq }) => seq)]);
  const closes = reply.closed && !order.knows('closed');
  const exits = reply.exited && !order.knows('exited');
  if (exits && reply.exitCode === null) return undefined;
  const end = countsEnds ? reply.nextSeq - 1 : Math.max(lastSeq, ...known);
  // A close that is counted is the last number.
  const lastOpen = countsEnds && closes ? end - 1 : end;
  const missing = missingNumbers(lastSeq, lastOpen, known);
  const events = [...output];
  let last = end;
  // One that is counted and not missing is about to come by itself.
  if (exits && reply.exitCode !== null && (missing.count > 0 || !countsEnds)) {
    const seq = missing.count > 0 ? missing.first : last + 1;
    last = Math.max(last, seq);
    const { exitCode, sandboxDenied = false } = reply;
    events.push({ type: 'exited', seq, exitCode, sandboxDenied });
  }
  if (closes) events.push({ type: 'closed', seq: countsEnds ? end : last + 1 });
  return { events, lostEvents: Math.max(0, missing.count - (exits ? 1 : 0)) };
}

/** The numbers of `after + 1 … upTo` that are not known. Counted, because a server may claim any range. */
function missingNumbers(
  after: number,
  upTo: number,
  known: ReadonlySet<number>,
): { readonly count: number; readonly first: number } {
  const within = [...known].filter((seq) => seq > after && seq <= upTo).sort((a, b) => a - b);
  const gap = within.findIndex((seq, index) => seq !== after + 1 + index);
  const first = after + 1 + (gap === -1 ? within.length : gap);
  return { count: Math.max(0, upTo - after - within.length), first };
}
