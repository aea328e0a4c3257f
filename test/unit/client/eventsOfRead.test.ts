import { describe, expect, it } from 'vitest';
import { EventOrder } from '../../../src/client/eventOrder';
import { eventsOfRead } from '../../../src/client/eventsOfRead';
import type { ReadResponse } from '../../../src/protocol/processMessages';
import { readAnswer } from './readAnswer';

const exited = { exited: true, exitCode: 3 };
const ended = { ...exited, closed: true };

/** An order that has published some events, and holds others that came too early. */
function orderAt(lastSeq: number, held: readonly string[] = []): EventOrder {
  const order = new EventOrder(() => undefined);
  const chunk = Buffer.from('x');
  for (let seq = 1; seq <= lastSeq; seq += 1) {
    order.offer({ type: 'output', seq, stream: 'stdout', chunk });
  }
  for (const text of held) {
    const [type, number] = text.split(' ');
    const seq = Number(number);
    if (type === 'exited') order.offer({ type, seq, exitCode: 3, sandboxDenied: false });
    else if (type === 'closed') order.offer({ type, seq });
    else order.offer({ type: 'output', seq, stream: 'stdout', chunk });
  }
  return order;
}

function read(order: EventOrder, response: ReadResponse, countsEnds = true): unknown {
  const found = eventsOfRead(response, { order, countsEnds });
  return (
    found && {
      events: found.events.map(({ type, seq }) => `${type} ${seq}`),
      lost: found.lostEvents,
    }
  );
}

describe('eventsOfRead', () => {
  it.each<[string, EventOrder, ReadResponse, readonly string[]]>([
    ['nothing that happened', orderAt(2), readAnswer([], { nextSeq: 3 }), []],
    ['output', orderAt(0), readAnswer([1, 2]), ['output 1', 'output 2']],
    ['output it has', orderAt(2), readAnswer([2, 3]), ['output 3']],
    [
      'an exit behind output',
      orderAt(0),
      readAnswer([1], { nextSeq: 3, ...exited }),
      ['output 1', 'exited 2'],
    ],
    [
      'an exit between output',
      orderAt(0),
      readAnswer([1, 3], { nextSeq: 4, ...exited }),
      ['output 1', 'output 3', 'exited 2'],
    ],
    [
      'exit and close',
      orderAt(0),
      readAnswer([1], { nextSeq: 4, ...ended }),
      ['output 1', 'exited 2', 'closed 3'],
    ],
    [
      'exit and close of a silent program',
      orderAt(0),
      readAnswer([], { nextSeq: 3, ...ended }),
      ['exited 1', 'closed 2'],
    ],
    [
      'a close alone',
      orderAt(2, ['exited 3']),
      readAnswer([], { nextSeq: 5, ...ended }),
      ['closed 4'],
    ],
    [
      'a close that came by itself',
      orderAt(1, ['closed 3']),
      readAnswer([], { nextSeq: 4, ...ended }),
      ['exited 2'],
    ],
  ])('finds %s', (_name, order, response, events) => {
    expect(read(order, response)).toEqual({ events, lost: 0 });
  });

  it.each<[string, EventOrder, ReadResponse, number]>([
    ['between what it has and what is kept', orderAt(2), readAnswer([6, 7], { nextSeq: 8 }), 3],
    [
      'besides an exit that is missing too',
      orderAt(2),
      readAnswer([6], { nextSeq: 9, ...ended }),
      3,
    ],
    ['altogether', orderAt(0), readAnswer([], { nextSeq: 2 ** 53 }), 2 ** 53 - 1],
  ])('counts output that was dropped: %s', (_name, order, response, lost) => {
    expect(read(order, response)).toMatchObject({ lost });
  });

  it.each<[string, EventOrder, ReadResponse, readonly string[]]>([
    [
      'behind output',
      orderAt(0),
      readAnswer([1, 2], ended),
      ['output 1', 'output 2', 'exited 3', 'closed 4'],
    ],
    [
      'between output',
      orderAt(0),
      readAnswer([1, 3], ended),
      ['output 1', 'output 3', 'exited 2', 'closed 4'],
    ],
    [
      'of which the exit is known',
      orderAt(2, ['exited 3']),
      readAnswer([], { nextSeq: 3, ...ended }),
      ['closed 4'],
    ],
    [
      'of a silent program',
      orderAt(0),
      readAnswer([], { nextSeq: 1, ...ended }),
      ['exited 1', 'closed 2'],
    ],
  ])(
    'numbers the ends a release up to 0.140 does not count: %s',
    (_name, order, response, events) => {
      expect(read(order, response, false)).toEqual({ events, lost: 0 });
    },
  );

  it.each([
    ['bytes that are no base64', { chunks: [{ seq: 1, stream: 'stdout' as const, chunk: '?' }] }],
    ['an exit without a code', { exited: true }],
  ])('takes no answer with %s', (_name, parts) => {
    expect(read(orderAt(0), readAnswer([], { nextSeq: 2, ...parts }))).toBeUndefined();
  });
});
